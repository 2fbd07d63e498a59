// What the store has of certificates from an ACME directory, for all edges of an organisation: keys sealed, and one edge at
// a time ordering.
import { randomUUID, X509Certificate } from 'node:crypto';
import { z } from '../../shared/schema.ts';
import { type ShownCertificate, shownCertificate } from '../authority/server-certificates.ts';
import type { Log } from '../log.ts';
import { createSeal } from '../seal.ts';
import type { AcmeCertificateRecord, AcmeWish, Store } from '../store/store.ts';
import type { KeyAndChain } from './order.ts';

export interface KeptOptions {
  store: Store;
  /** Of the organisation: whoever reads the store alone shall have no key. */
  sealingKey: Uint8Array;
  /** PEM of whose client certificates are asked for. */
  clientAuthority: string;
  log: Log;
}

export interface Kept {
  /** By service, as it was read last. */
  get(service: string): KeptCertificate | undefined;
  services(): string[];
  reread(): Promise<void>;
  /** From now on until `settle`, or `leaseMs`, no other edge orders it. false: one is at it. */
  claim(service: string, leaseMs: number): Promise<boolean>;
  /** How ordering it went; null: it was broken off. */
  settle(service: string, outcome: Outcome | null): Promise<void>;
  forget(service: string): Promise<void>;
  /** The same at every edge. Made when there is none. */
  accountKey(directory: string, make: () => Promise<string>): Promise<string>;
}

export interface KeptCertificate {
  record: AcmeCertificateRecord;
  /** Null: there is none, or its key cannot be read. */
  shown: ShownCertificate | null;
}

type Failed = NonNullable<AcmeCertificateRecord['failed']>;
export type Outcome = { issued: KeyAndChain & AcmeWish } | { failed: Failed };

export function createKept({ store, sealingKey, clientAuthority, log }: KeptOptions): Kept {
  const seal = createSeal(z.string(), sealingKey);
  const own = randomUUID();
  let known = new Map<string, KeptCertificate>();

  const shownOf = (service: string, { issued }: AcmeCertificateRecord): ShownCertificate | null => {
    if (!issued) return null;
    const before = known.get(service)?.shown;
    if (before?.cert === issued.cert) return before;
    const key = seal.open(issued.sealedKey);
    if (key !== null) return shownCertificate(key, issued.cert, clientAuthority);
    log('error', 'the key of a certificate was sealed with another issuer.json', { service });
    return null;
  };
  const recordOf = (outcome: Outcome | null): AcmeCertificateRecord => {
    if (outcome === null || 'failed' in outcome) return outcome ?? {};
    const { names, directory, cert, key } = outcome.issued;
    return {
      issued: { names, directory, cert, sealedKey: seal.close(key), at: Date.now() },
    };
  };

  return {
    get: (service) => known.get(service),
    services: () => [...known.keys()],
    async reread() {
      const records = await store.list('acmeCertificates');
      known = new Map(records.map(([id, record]) => [id, { record, shown: shownOf(id, record) }]));
    },
    claim: (service, leaseMs) =>
      store.change('acmeCertificates', service, (record = {}) =>
        isLeased(record)
          ? undefined
          : { ...record, ordered: { by: own, until: Date.now() + leaseMs } },
      ),
    async settle(service, outcome) {
      await store.change('acmeCertificates', service, (record) => {
        const { ordered, failed, ...rest } = record ?? {};
        if (ordered && ordered.by !== own) return undefined; // ours had run out
        const before = failed && outcome === null ? { failed } : {};
        return { ...rest, ...before, ...recordOf(outcome) };
      });
    },
    forget: (service) => store.delete('acmeCertificates', service),
    async accountKey(directory, make) {
      const kept = async () =>
        seal.open((await store.get('acmeAccounts', directory))?.sealedKey ?? '');
      const before = await kept();
      if (before !== null) return before;
      const made = await make();
      const sealedKey = seal.close(made);
      await store.change('acmeAccounts', directory, (record) =>
        record && seal.open(record.sealedKey) !== null ? undefined : { sealedKey },
      );
      return (await kept()) ?? made;
    },
  };
}

export const isLeased = ({ ordered }: AcmeCertificateRecord): boolean =>
  (ordered?.until ?? 0) > Date.now();

/** Throws with what is wrong with it. */
export function checkIssued({ key, cert }: KeyAndChain, names: readonly string[]): void {
  shownCertificate(key, cert); // throws when they are no pair
  const leaf = new X509Certificate(cert);
  // The one before may still be good.
  if (Date.parse(leaf.validTo) < Date.now()) throw new Error('what was issued has ended');
  const missing = names.find((name) => !leaf.checkHost(name));
  if (missing !== undefined) throw new Error(`what was issued is not for ${missing}`);
}
