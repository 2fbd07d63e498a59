// Shapes of the client's own JSON files. See docs/protocol.md 9.
import { OWNERSHIPS, SECRET_STORES } from '../../../shared/model/device.ts';
import { THEMES } from '../../../shared/model/settings.ts';
import { organisationDocument } from '../../../shared/protocol/organisation.ts';
import { portNumber, sha256 } from '../../../shared/protocol/text.ts';
import { z } from '../../../shared/schema.ts';

export const organisationId = z.string().regex(/^[0-9a-f]{16}$/);

/** Loose: what another version has written there is kept. */
export const settingsFile = z.looseObject({
  version: z.literal(1),
  activeOrganisation: organisationId.nullable(),
  /** `http://[user:password@]host:port`, or `none`; absent: what the environment says. */
  proxy: z.string().max(1000).optional(),
  /** How long before the end of a session that nothing renews in silence a person is warned; 0: not at all. */
  warnBeforeExpiryMinutes: z.number().min(0).max(1440).optional(),
  /** Unsafe: every user of this computer may use the local ports, with this person's rights. */
  unsafeAnyLocalUser: z.boolean().optional(),
  theme: z.enum(THEMES).optional(),
  startHidden: z.boolean().optional(),
  autoConnect: z.boolean().optional(),
  /** `update` came later than the others. */
  notifications: z
    .object({ session: z.boolean(), trouble: z.boolean(), update: z.boolean().default(true) })
    .optional(),
  updates: z.boolean().optional(),
  /** Services that the person has starred, by organisation. */
  favourites: z.record(organisationId, z.array(z.string().max(200))).optional(),
  /** Whether a service connects by itself, where the person has said so; by organisation. */
  ownAutoConnect: z.record(organisationId, z.record(z.string().max(200), z.boolean())).optional(),
});

export type SettingsFile = z.output<typeof settingsFile>;
export type SettableByHand = Partial<
  Pick<
    SettingsFile,
    | 'proxy'
    | 'unsafeAnyLocalUser'
    | 'theme'
    | 'startHidden'
    | 'autoConnect'
    | 'notifications'
    | 'updates'
    | 'warnBeforeExpiryMinutes'
  >
>;

export const registrationFile = z.object({
  version: z.literal(1),
  organisation: z.object({
    id: organisationId,
    name: z.string(),
    host: z.string(),
    rootFingerprint: sha256,
  }),
  device: z.object({
    id: z.string().min(1),
    name: z.string(),
    ownership: z.enum(OWNERSHIPS),
    certificateExpiresAt: z.number(),
  }),
  secrets: z.enum(SECRET_STORES),
  /** Entry of the secret store. Random: two homes that joined the same organisation must not share one. */
  secretName: z.string().min(1).max(100),
  document: organisationDocument,
  /** PEM. */
  root: z.string().startsWith('-----BEGIN CERTIFICATE-----'),
});
export type RegistrationFile = z.output<typeof registrationFile>;

const portsByService = z.record(z.string().max(200), portNumber);
export const portsFile = z.object({
  version: z.literal(1),
  chosen: portsByService,
  overrides: portsByService,
  /** Of overrides that are not at 127.0.0.1. Apart from them, so that files without it are read, and by older apps too. */
  hosts: z.record(z.string().max(200), z.string().max(45)).default({}),
});
export const updatesFile = z.object({
  version: z.literal(1),
  /** When the newest list of versions that was ever accepted was signed, ISO 8601. */
  signedAt: z.iso.datetime(),
  /** The version that the person was last told of. */
  told: z.string().max(100).optional(),
});

export type PortsFile = z.output<typeof portsFile>;
