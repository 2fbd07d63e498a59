// Everything that can be asked of an edge over its control socket: names and inputs. See docs/protocol.md 13.
import { OWNERSHIPS } from '../../shared/model/device.ts';
import { TRUST_LEVELS } from '../../shared/model/posture.ts';
import { label, sentence } from '../../shared/protocol/text.ts';
import { z } from '../../shared/schema.ts';
import { AUDIT_EVENTS } from '../audit/audit.ts';
import { API_KEY_NAME, API_KEY_ROLES } from './api-keys.ts';

export const DOCUMENT_KINDS = ['service', 'role', 'policy'] as const;
const kind = z.enum(DOCUMENT_KINDS);
const nothing = z.strictObject({});
const id = label.min(1);
/** Who asks, as the command says it; for the audit. */
const by = label;
const change = { by };
const email = z
  .string()
  .trim()
  .max(200)
  .regex(/^[^\s@]+@[^\s@]+$/, 'is not an e-mail address');
const group = z.string().trim().min(1).max(100);
/** Short ones are guessed; longer ones than this would only cost time to hash. */
const password = z.string().min(8, 'has at least 8 characters').max(200);

const auditFilter = z.strictObject({
  last: z.number().int().min(1).max(10_000),
  event: z.enum(AUDIT_EVENTS).optional(),
  refused: z.boolean().default(false),
  /** A value that stands anywhere in the entry: a person, a device, a service, an address, a correlation id. */
  about: z.string().max(300).optional(),
});

export const CALLS = {
  status: nothing,

  'document.list': z.strictObject({ kind, definitions: z.boolean().default(false) }),
  'document.show': z.strictObject({ kind, id }),
  /** Inserts or overwrites. `file`: what the document is called in messages. */
  'document.put': z.strictObject({
    kind,
    text: z.string().max(1024 * 1024),
    file: label,
    onlyNew: z.boolean().default(false),
    ...change,
  }),
  'document.enable': z.strictObject({ kind, id, enabled: z.boolean(), ...change }),
  'document.delete': z.strictObject({ kind, id, ...change }),

  'attachment.list': nothing,
  'attachment.put': z.strictObject({ policy: id, service: id, enforcing: z.boolean(), ...change }),
  'attachment.delete': z.strictObject({ service: id, ...change }),

  'user.list': nothing,
  'user.add': z.strictObject({
    email,
    name: label.min(1),
    groups: z.array(group).max(100),
    password,
    ...change,
  }),
  'user.password': z.strictObject({ email, password, ...change }),
  'user.groups': z.strictObject({ email, groups: z.array(group).max(100), ...change }),
  'user.enable': z.strictObject({ email, enabled: z.boolean(), ...change }),
  'user.delete': z.strictObject({ email, ...change }),

  'device.list': nothing,
  'device.ban': z.strictObject({ device: id, banned: z.boolean(), reason: sentence, ...change }),
  'device.revoke': z.strictObject({ device: id, reason: sentence, ...change }),
  'device.cap': z.strictObject({
    device: id,
    level: z.enum(TRUST_LEVELS).nullable(),
    reason: sentence,
    ...change,
  }),

  'session.list': nothing,
  /** Of one id, one device or one person: exactly one is given. */
  'session.end': z.strictObject({
    session: id.optional(),
    device: id.optional(),
    email: email.optional(),
    reason: sentence,
    ...change,
  }),

  'invite.create': z.strictObject({ hours: z.number().int().min(1).max(168), ...change }),
  'invite.deployment': z.strictObject({
    name: label.min(1),
    uses: z.number().int(),
    days: z.number().int(),
    ...change,
  }),
  'invite.list': nothing,
  'invite.revoke': z.strictObject({ invite: id, ...change }),

  'settings.show': nothing,
  'settings.set': z.strictObject({
    tokenLifetimeHours: z.number().optional(),
    unregisteredDevices: z.enum(['dropped', 'allowed']).optional(),
    ...change,
  }),
  'settings.ca.add': z.strictObject({
    name: label.min(1),
    pem: z.string().max(64 * 1024),
    ownership: z.enum(OWNERSHIPS),
    ...change,
  }),
  'settings.ca.remove': z.strictObject({ name: id, ...change }),

  'api-key.create': z.strictObject({
    name: z
      .string()
      .regex(
        API_KEY_NAME,
        'has to be small letters, digits and dashes, 63 at most, a letter or digit first',
      ),
    role: z.enum(API_KEY_ROLES),
    days: z.number().int().min(1).max(366),
    ...change,
  }),
  'api-key.list': nothing,
  'api-key.revoke': z.strictObject({ name: id, ...change }),

  'audit.list': auditFilter,
  /** Tells the same, and then each entry as it is written. */
  'audit.follow': auditFilter,
} as const satisfies Record<string, z.ZodType>;

export type CallName = keyof typeof CALLS;
export type CallInput<Name extends CallName> = z.output<(typeof CALLS)[Name]>;

export const isCallName = (name: unknown): name is CallName =>
  typeof name === 'string' && Object.hasOwn(CALLS, name);
