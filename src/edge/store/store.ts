// What the edge remembers, as a small port: named collections of JSON records. Implementations are in this folder.
import type { Deployment, Ownership } from '../../shared/model/device.ts';
import type { PostureReport, TrustLevel } from '../../shared/model/posture.ts';

export interface DeviceRecord {
  id: string;
  name: string;
  ownership: Ownership;
  /** As roles name it: `Linux`, `macOS`, `Windows`. */
  platform: string;
  serialNumber: string;
  /** Seconds since the epoch. */
  registeredAt: number;
  /** E-mail of the person who signed in first; then part of the renewed DeviceCert as UPN. */
  owner?: string;
  /** What it said last, and when: seconds since the epoch. */
  posture?: { report: PostureReport; at: number };
  /** Set by an administrator: no more than this, whatever the posture says. The person may read why. */
  cap?: { level: TrustLevel; reason: string };
  /** Why this device is no longer accepted. For good. */
  revoked?: string;
  /** Why it is not accepted for now. */
  banned?: string;
  /** Since when, of the last two: seconds since the epoch. */
  refusedAt?: number;
  /** What it said when it registered; no rule goes by it. */
  deployment?: Deployment;
  /** Name of the Device Manager by whose certificate it is known; absent: it has one of ours. */
  manager?: string;
}

/** A DeviceCert that was given out, by its serial number: whether it counts, its device says. Seconds since the epoch. */
export interface DeviceCertificateRecord {
  deviceId: string;
  notAfter: number;
  /** When its device was unregistered. */
  endedAt?: number;
}

export interface InviteRecord {
  /** SHA-256 of the code: who reads the store learns no code. */
  codeHash: string;
  /** Seconds since the epoch. */
  createdAt: number;
  expiresAt: number;
  /** How many devices it is good for, and how many are registered. */
  uses: { most: number; made: number };
  /** Those that are being registered right now, each until when it counts: seconds since the epoch. */
  claims?: Record<string, number>;
  /** Of a deployment invite: what the administrator calls it. One that a person is given has none. */
  deployment?: string;
  /** Taken back: no further use. */
  revoked?: true;
}

export interface UserRecord {
  id: string;
  email: string;
  name: string;
  groups: string[];
  /** `scrypt$<salt>$<hash>`, base64url. */
  password: string;
  /** May not sign in. */
  disabled?: true;
  /** Where they sign in, and who they are there; absent: here, by password. */
  upstream?: { issuer: string; subject: string };
}

export interface DocumentRecord {
  kind: 'service' | 'role' | 'policy' | 'attachment';
  /** A service that is switched off stays defined. */
  enabled: boolean;
  /** The document as it was given, unknown fields kept. */
  definition: unknown;
  /** From 1, one more with each change of the definition; absent: of a store from before they were counted. */
  version?: number;
  /** Seconds since the epoch, and who: as they said at the terminal. */
  changedAt?: number;
  changedBy?: string;
  /** The same of the first version. */
  createdAt?: number;
  createdBy?: string;
}

/** What administrators set while the edge runs; what is absent is as in the configuration. */
export interface SettingsRecord {
  trustTokenSeconds?: number;
  unregisteredDevices?: 'dropped' | 'allowed';
  deviceManagers?: DeviceManagerRecord[];
  /** In a record of its own: of the authority that all edges on this store have, and of the key of their issuer. */
  rootFingerprint?: string;
  issuerFingerprint?: string;
}

/** A Device Manager whose certificates count as DeviceCerts. */
export interface DeviceManagerRecord {
  name: string;
  /** PEM of the certificate that has signed those of its devices. */
  certificate: string;
  /** Whose its devices are. */
  ownership: Ownership;
}

/** Of a program that administers an edge over the network; its id is its name. */
export interface ApiKeyRecord {
  role: 'read' | 'write';
  /** SHA-256 of the secret, base64url: who reads the store learns no key. */
  hash: string;
  /** Seconds since the epoch. */
  createdAt: number;
  createdBy: string;
  expiresAt: number;
  lastUsedAt?: number;
}

/** What the issuer keeps: grants and refresh tokens (and, in memory, everything short-lived). */
export interface IssuerRecord {
  payload: Record<string, unknown>;
  /** Seconds since the epoch; absent: does not end by itself. */
  expiresAt?: number;
}

/** A certificate of an ACME directory, by the id of its service, and how ordering it goes. Milliseconds since the epoch. */
export interface AcmeCertificateRecord {
  /** What is shown; absent: none yet. */
  issued?: AcmeWish & { cert: string; sealedKey: string; at: number };
  /** An edge is ordering it; when that does not end by itself, others may after this. */
  ordered?: { by: string; until: number };
  /** How the last orders for these names ended, and when the next one may be. */
  failed?: AcmeWish & { times: number; reason: string; until: number };
}

/** What is asked for, and where. */
export interface AcmeWish {
  names: string[];
  directory: string;
}

export interface Collections {
  devices: DeviceRecord;
  deviceCertificates: DeviceCertificateRecord;
  invites: InviteRecord;
  users: UserRecord;
  documents: DocumentRecord;
  issuer: IssuerRecord;
  settings: SettingsRecord;
  acmeCertificates: AcmeCertificateRecord;
  /** By the address of the directory. */
  acmeAccounts: { sealedKey: string };
  /** By name: what is shown to who asks for proof that it is ours, until this many milliseconds since the epoch. */
  acmeChallenges: { keyAuthorization: string; until: number };
  apiKeys: ApiKeyRecord;
}
export type CollectionName = keyof Collections;
export const COLLECTIONS = [
  'devices',
  'deviceCertificates',
  'invites',
  'users',
  'documents',
  'issuer',
  'settings',
  'acmeCertificates',
  'acmeAccounts',
  'acmeChallenges',
  'apiKeys',
] as const;

/**
 * Records are plain JSON and come back as copies: changing one changes nothing until it is put. A change that rejects has
 * changed nothing.
 */
export interface Store {
  get<Name extends CollectionName>(from: Name, id: string): Promise<Collections[Name] | undefined>;
  list<Name extends CollectionName>(from: Name): Promise<[id: string, Collections[Name]][]>;
  /** Resolves when it would survive the end of this process. */
  put<Name extends CollectionName>(
    into: Name,
    id: string,
    record: Collections[Name],
  ): Promise<void>;
  /** Resolves also when there was nothing. */
  delete(from: CollectionName, id: string): Promise<void>;
  /**
   * Reads and writes in one step that no other call comes between. `change` returns the new record, or undefined to
   * leave everything as it is; the answer says whether it was changed.
   */
  change<Name extends CollectionName>(
    name: Name,
    id: string,
    change: (record: Collections[Name] | undefined) => Collections[Name] | undefined,
  ): Promise<boolean>;
  /** Everything is written; no call may follow. */
  close(): Promise<void>;
}
