// Everything an administrator has said, read and checked: what catalogue and Access Tier decide by. Kept in memory,
// written through to the store, announced when it changes.
import { exhaustive } from '../../shared/exhaustive.ts';
import { z } from '../../shared/schema.ts';
import type { Changes } from '../changes.ts';
import { decide, type Decision, type Role, type Subject } from '../policy/decide.ts';
import { judgePosture, type PostureRules } from '../policy/posture.ts';
import type { DeviceRecord, DocumentRecord, Store } from '../store/store.ts';
import {
  attachmentDocument,
  policyDocument,
  roleDocument,
  type ServiceDocument,
  serviceDocument,
  serviceId,
} from './documents.ts';

export interface PublishedService {
  id: string;
  enabled: boolean;
  document: ServiceDocument;
}

/** Lists of documents as the product's tools write them. */
export interface Documents {
  services?: readonly unknown[];
  roles?: readonly unknown[];
  policies?: readonly unknown[];
  attachments?: readonly unknown[];
}

export interface Rulebook {
  services(): PublishedService[];
  service(id: string): PublishedService | undefined;
  /** By the name a connection asks for; an exact domain before `*.` ones. */
  serviceByDomain(domain: string): PublishedService | undefined;
  decide(subject: Subject, service: PublishedService): Decision;
  /** Rejects with what is wrong, and then nothing of it is stored. */
  apply(documents: Documents): Promise<void>;
  /** false: there is no such service. */
  setServiceEnabled(id: string, enabled: boolean): Promise<boolean>;
}

type Read =
  | { kind: 'service'; id: string; document: ServiceDocument }
  | { kind: 'role'; id: string; document: z.output<typeof roleDocument> }
  | { kind: 'policy'; id: string; document: z.output<typeof policyDocument> }
  | { kind: 'attachment'; id: string; document: z.output<typeof attachmentDocument> };

export async function openRulebook(store: Store, changes: Changes): Promise<Rulebook> {
  const entries = new Map<string, Read & { enabled: boolean }>();
  for (const [key, record] of await store.list('documents')) {
    entries.set(key, { ...read(record.kind, record.definition), enabled: record.enabled });
  }
  const all = <Kind extends Read['kind']>(kind: Kind) =>
    [...entries.values()].filter(
      (entry): entry is Extract<Read, { kind: Kind }> & { enabled: boolean } => entry.kind === kind,
    );
  const services = (): PublishedService[] =>
    all('service').map(({ id, enabled, document }) => ({ id, enabled, document }));

  return {
    services,
    service: (id) => services().find((service) => service.id === id),
    serviceByDomain(domain) {
      const wanted = domain.toLowerCase();
      const named = (name: string) =>
        services().find(({ document }) => document.metadata.tags.domain === name);
      return named(wanted) ?? named(wanted.replace(/^[^.]+/, '*'));
    },
    decide(subject, service) {
      const attachment = all('attachment').find((each) => each.document.ServiceID === service.id);
      const policy =
        attachment && all('policy').find(({ id }) => id === attachment.document.PolicyID);
      return decide({
        subject,
        service,
        policy:
          attachment && policy
            ? {
                access: policy.document.spec.access.map(accessRule),
                enforcing: attachment.document.Enabled,
              }
            : null,
        roles: all('role').map(({ id, document }): Role => ({ name: id, ...document.spec })),
        now: Date.now(),
      });
    },
    async apply(documents) {
      const given: [DocumentRecord['kind'], readonly unknown[]][] = [
        ['service', documents.services ?? []],
        ['role', documents.roles ?? []],
        ['policy', documents.policies ?? []],
        ['attachment', documents.attachments ?? []],
      ];
      const changed = given.flatMap(([kind, list]) =>
        list.map((definition) => ({ ...read(kind, definition), definition })),
      );
      for (const { definition, ...entry } of changed) {
        const key = `${entry.kind}/${entry.id}`;
        const enabled = entries.get(key)?.enabled ?? true;
        entries.set(key, { ...entry, enabled });
        await store.put('documents', key, { kind: entry.kind, enabled, definition });
      }
      changes.emit({ type: 'rules-changed' });
    },
    async setServiceEnabled(id, enabled) {
      const key = `service/${id}`;
      const entry = entries.get(key);
      if (!entry) return false;
      entries.set(key, { ...entry, enabled });
      await store.change('documents', key, (record) => record && { ...record, enabled });
      changes.emit({ type: 'rules-changed' });
      return true;
    },
  };
}

/** Who decides are the facts of now: the person as the token named them, the device as the organisation knows it. */
export const subjectOf = (
  person: Subject['person'],
  device: DeviceRecord,
  posture: PostureRules,
): Subject => ({
  person,
  device: {
    ownership: device.ownership,
    platform: device.platform,
    serialNumber: device.serialNumber,
    trustLevel: judgePosture(device, posture).level,
  },
});

function read(kind: DocumentRecord['kind'], definition: unknown): Read {
  const decode = <Schema extends z.ZodType>(schema: Schema): z.output<Schema> => {
    const result = schema.safeParse(definition);
    if (result.success) return result.data;
    throw new Error(`This ${kind} cannot be used:\n${z.prettifyError(result.error)}`);
  };
  switch (kind) {
    case 'service': {
      const document = decode(serviceDocument);
      return { kind, id: serviceId(document), document };
    }
    case 'role': {
      const document = decode(roleDocument);
      return { kind, id: document.metadata.name, document };
    }
    case 'policy': {
      const document = decode(policyDocument);
      return { kind, id: document.metadata.name, document };
    }
    case 'attachment': {
      const document = decode(attachmentDocument);
      return { kind, id: document.ServiceID, document };
    }
    default:
      return exhaustive(kind);
  }
}

function accessRule({ roles, rules }: z.output<typeof policyDocument>['spec']['access'][number]) {
  return {
    roles,
    trust_level: rules?.conditions?.trust_level ?? ('' as const),
    start_time: rules?.conditions?.start_time ?? '',
    end_time: rules?.conditions?.end_time ?? '',
  };
}
