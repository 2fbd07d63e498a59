// What is stored, in the flat records that clients of this interface know: names in capitals, truth as "TRUE" and "FALSE", times
// in nanoseconds, the document itself as text. See docs/protocol.md 15.
import { createHash } from 'node:crypto';
import type { CallOutput } from '../administration/control-client.ts';

export type Listed = CallOutput<'document.list'>['documents'][number];
export type Attached = CallOutput<'attachment.list'>['attachments'][number];

/** Of the product's interface, where clients read a UUID. Ours are names, so each name has one UUID for ever (RFC 9562 5.5). */
const NAMESPACE = Buffer.from('6f0d41f5a1c84c2b9d5e0b7c38a9e412', 'hex');

export function uuidOf(kind: 'role' | 'policy', name: string): string {
  const bytes = createHash('sha1').update(NAMESPACE).update(`${kind}/${name}`).digest();
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex', 0, 16);
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

export const truth = (value: boolean): 'TRUE' | 'FALSE' => (value ? 'TRUE' : 'FALSE');

/** Exact: a whole second in nanoseconds is a multiple of 512. */
const nanoseconds = (seconds: number): number => seconds * 1e9;

const history = ({ createdBy, createdAt, changedBy, changedAt }: Listed) => ({
  CreatedBy: createdBy,
  CreatedAt: nanoseconds(createdAt),
  LastUpdatedBy: changedBy,
  LastUpdatedAt: nanoseconds(changedAt),
  DeletedBy: '',
  DeletedAt: 0,
});

/** Some clients undo HTML's escapes in it, some do not: without an ampersand both read the same. */
const specOf = ({ definition }: Listed): string =>
  JSON.stringify(definition).replaceAll('&', String.raw`\u0026`);

interface Definition {
  metadata: { name: string; cluster?: string; friendly_name?: string | null; tags?: Tags | null };
  spec: { options?: { l7_protocol?: string } };
}
interface Tags {
  user_facing?: boolean | string | null;
  protocol?: string;
  port?: number | string;
}
/** It was checked when it was stored; what is read here of it is only shown. */
const definitionOf = ({ definition }: Listed): Definition => definition as Definition;

export function serviceRecord(listed: Listed) {
  const { name, cluster = '', friendly_name, ...rest } = definitionOf(listed).metadata;
  const tags = rest.tags ?? {};
  return {
    ServiceID: listed.id,
    ServiceName: name,
    FriendlyName: friendly_name ?? '',
    ClusterName: cluster,
    ServiceType: 'origin',
    ServiceDiscovery: '',
    ServiceVersion: listed.version,
    Description: listed.description,
    ...history(listed),
    External: '',
    OIDCEnabled: truth(listed.type === 'WEB'),
    // How the Access Tier signs people in is its own affair; the secret of that client leaves this edge nowhere.
    OIDCClientSpec: '{}',
    ServiceSpec: specOf(listed),
    UserFacing: truth(String(tags.user_facing ?? true).toLowerCase() === 'true'),
    Protocol: tags.protocol ?? (listed.type === 'WEB' ? 'https' : 'tcp'),
    Domain: listed.domain ?? '',
    Port: Number(tags.port ?? 0) || 0,
    Enabled: truth(listed.enabled),
    // The one truth that is no text there.
    IsDefault: false,
  };
}

export const policyRecord = (listed: Listed) => ({
  PolicyID: uuidOf('policy', listed.id),
  PolicyName: listed.id,
  PolicySpec: specOf(listed),
  PolicyVersion: listed.version,
  Description: listed.description,
  ...history(listed),
});

export const isWebPolicy = (listed: Listed): boolean =>
  definitionOf(listed).spec.options?.l7_protocol === 'http';

export const roleRecord = (listed: Listed) => ({
  RoleID: uuidOf('role', listed.id),
  RoleName: listed.id,
  RoleSpec: specOf(listed),
  RoleType: 'origin',
  RoleVersion: listed.version,
  Description: listed.description,
  ...history(listed),
  Enabled: truth(listed.enabled),
});

export const attachmentRecord = ({ policy, service, mode, changedAt, changedBy }: Attached) => ({
  PolicyID: uuidOf('policy', policy),
  PolicyName: policy,
  ServiceID: service,
  AttachedToID: service,
  // The name of a service has no dot, and begins its id.
  AttachedToName: service.split('.')[0] ?? '',
  AttachedToType: 'service',
  Enabled: truth(mode === 'Enforcing'),
  AttachedAt: nanoseconds(changedAt),
  AttachedBy: changedBy,
});
