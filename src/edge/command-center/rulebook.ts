// Everything an administrator has said, read and checked: what catalogue and Access Tier decide by. Kept in memory,
// written through to the store, announced when it changes.
import { isDeepStrictEqual } from 'node:util';
import { exhaustive } from '../../shared/exhaustive.ts';
import { z } from '../../shared/schema.ts';
import type { Changes } from '../changes.ts';
import { decide, type Decision, type Role, type Subject } from '../policy/decide.ts';
import type { L7Request } from '../policy/l7-rules.ts';
import { judgePosture, type PostureRules } from '../policy/posture.ts';
import { type Log, reason } from '../log.ts';
import { createTurns } from '../turns.ts';
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
  decide(subject: Subject, service: PublishedService, request?: L7Request): Decision;
  /** Rejects with what is wrong, and then nothing of it is stored. */
  apply(documents: Documents): Promise<void>;
  /** false: there is no such service. */
  setServiceEnabled(id: string, enabled: boolean): Promise<boolean>;
  /** As they were given, for who administers them. */
  stored(kind: DocumentRecord['kind']): StoredDocument[];
  /** One document, inserted or overwritten. Rejects with what is wrong. */
  put(kind: DocumentRecord['kind'], definition: unknown, by: string): Promise<StoredDocument>;
  /** These are false where there is nothing of that id. A service takes its attachment along. */
  setEnabled(kind: DocumentRecord['kind'], id: string, enabled: boolean): Promise<boolean>;
  remove(kind: DocumentRecord['kind'], id: string): Promise<boolean>;
  /** Somebody else has changed what is stored. Announces it once it is read. */
  reread(): Promise<void>;
}

export interface StoredDocument {
  id: string;
  enabled: boolean;
  version: number;
  /** Seconds since the epoch; 0: before anybody counted. */
  changedAt: number;
  changedBy: string;
  createdAt: number;
  createdBy: string;
  definition: unknown;
}

const CONFIGURATION = 'configuration';

type Read =
  | { kind: 'service'; id: string; document: ServiceDocument }
  | { kind: 'role'; id: string; document: z.output<typeof roleDocument> }
  | { kind: 'policy'; id: string; document: z.output<typeof policyDocument> }
  | { kind: 'attachment'; id: string; document: z.output<typeof attachmentDocument> };

type Entry = Read & { stored: StoredDocument };

export async function openRulebook(store: Store, changes: Changes, log: Log): Promise<Rulebook> {
  /** Of a later version, say: they count as not there, which allows nobody anything, and the others go on counting. */
  let unreadable = new Map<string, DocumentRecord>();
  const load = async (): Promise<Map<string, Entry>> => {
    const readable = new Map<string, Entry>();
    const others = new Map<string, DocumentRecord>();
    for (const [key, record] of await store.list('documents')) {
      try {
        const document = read(record.kind, record.definition);
        readable.set(key, { ...document, stored: storedOf(document.id, record) });
      } catch (error) {
        others.set(key, record);
        if (unreadable.has(key)) continue; // it was said
        log('error', 'a record cannot be read and does not count', {
          record: key,
          reason: reason(error),
        });
      }
    }
    unreadable = others;
    return readable;
  };
  let entries = await load();
  const inTurn = createTurns();
  const all = <Kind extends Read['kind']>(kind: Kind) =>
    [...entries.values()].filter(
      (entry): entry is Extract<Entry, { kind: Kind }> => entry.kind === kind,
    );
  const services = (): PublishedService[] =>
    all('service').map(({ id, stored, document }) => ({ id, enabled: stored.enabled, document }));

  /** On disk first: what could not be kept does not count either. */
  const write = async (entry: Read, definition: unknown, by: string): Promise<StoredDocument> => {
    const key = `${entry.kind}/${entry.id}`;
    const other = unreadable.get(key);
    const before = entries.get(key)?.stored ?? (other && storedOf(entry.id, other));
    const isSame = before !== undefined && isDeepStrictEqual(before.definition, definition);
    const now = Math.floor(Date.now() / 1000);
    const record: DocumentRecord = {
      kind: entry.kind,
      enabled: before?.enabled ?? true,
      definition,
      version: (before?.version ?? 0) + (isSame ? 0 : 1),
      changedAt: isSame ? before.changedAt : now,
      changedBy: isSame ? before.changedBy : by,
      createdAt: before ? before.createdAt : now,
      createdBy: before ? before.createdBy : by,
    };
    await store.put('documents', key, record);
    const stored = storedOf(entry.id, record);
    entries.set(key, { ...entry, stored });
    unreadable.delete(key);
    return stored;
  };
  const setEnabled: Rulebook['setEnabled'] = (kind, id, enabled) =>
    inTurn(async () => {
      const key = `${kind}/${id}`;
      const entry = entries.get(key);
      if (!entry) return false;
      await store.change('documents', key, (record) => record && { ...record, enabled });
      entries.set(key, { ...entry, stored: { ...entry.stored, enabled } });
      changes.emit({ type: 'rules-changed' });
      return true;
    });

  return {
    services,
    service: (id) => services().find((service) => service.id === id),
    decide(subject, service, request) {
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
        // One that is switched off is nobody's.
        roles: all('role')
          .filter(({ stored }) => stored.enabled)
          .map(({ id, document }): Role => ({ name: id, ...document.spec })),
        now: Date.now(),
        request,
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
        list.map((definition) => ({ entry: read(kind, definition), definition })),
      );
      await inTurn(async () => {
        for (const { entry, definition } of changed) await write(entry, definition, CONFIGURATION);
        changes.emit({ type: 'rules-changed' });
      });
    },
    setServiceEnabled: (id, enabled) => setEnabled('service', id, enabled),
    stored: (kind) => all(kind).map(({ stored }) => stored),
    async put(kind, definition, by) {
      const entry = read(kind, definition);
      return inTurn(async () => {
        const stored = await write(entry, definition, by);
        changes.emit({ type: 'rules-changed' });
        return stored;
      });
    },
    setEnabled,
    // In turn, as every change: what was read first must not come last.
    reread: () =>
      inTurn(async () => {
        entries = await load();
        changes.emit({ type: 'rules-changed' });
      }),
    remove: (kind, id) =>
      inTurn(async () => {
        const keys = kind === 'service' ? [`attachment/${id}`, `service/${id}`] : [`${kind}/${id}`];
        const found = keys.filter((key) => entries.has(key) || unreadable.has(key));
        for (const key of found) {
          await store.delete('documents', key);
          entries.delete(key);
          unreadable.delete(key);
        }
        if (found.length > 0) changes.emit({ type: 'rules-changed' });
        return found.includes(`${kind}/${id}`);
      }),
  };
}

const storedOf = (id: string, record: DocumentRecord): StoredDocument => ({
  id,
  enabled: record.enabled,
  version: record.version ?? 1,
  changedAt: record.changedAt ?? 0,
  changedBy: record.changedBy ?? '',
  createdAt: record.createdAt ?? 0,
  createdBy: record.createdBy ?? '',
  definition: record.definition,
});

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
    mdmPresent: device.manager !== undefined,
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
    l7: rules?.l7_access ?? [],
  };
}
