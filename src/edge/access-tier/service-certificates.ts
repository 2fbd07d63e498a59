// Which certificate a service shows: one of the organisation's own authority, or one from files of this machine, which
// are read again when they change. Files that cannot be used change nothing but the log.
import { X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import {
  type ServerCertificates,
  type ShownCertificate,
  shownCertificate,
} from '../authority/server-certificates.ts';
import type { ServiceDocument } from '../command-center/documents.ts';
import { type Log, reason } from '../log.ts';
import { namesOf } from './frontends.ts';

export interface ServiceCertificates {
  /** Rejects when there are files and none of them could ever be used. */
  of(document: ServiceDocument): Promise<ShownCertificate>;
  /** Why the files that it names cannot be used; null: they can, or it names none. */
  problemOf(document: ServiceDocument): Promise<string | null>;
}

export interface ServiceCertificatesOptions {
  serverCertificates: ServerCertificates;
  /** PEM of whose client certificates are asked for. */
  clientAuthority: string;
  log: Log;
}

type Files = NonNullable<ServiceDocument['spec']['cert_settings']['files']>;
interface Loaded {
  shown: ShownCertificate | null;
  /** Of the files as they were looked at last. */
  stamp: string;
  lookedAt: number;
}

const LOOK_EVERY_MS = 1_000;

export function createServiceCertificates(
  options: ServiceCertificatesOptions,
): ServiceCertificates {
  const { serverCertificates, clientAuthority, log } = options;
  const loaded = new Map<string, Loaded>();

  const load = async ({ cert, key }: Files, domain: string): Promise<ShownCertificate> => {
    const [chain, secret] = await Promise.all([readFile(cert, 'utf8'), readFile(key, 'utf8')]);
    const leaf = new X509Certificate(chain);
    if (Date.parse(leaf.validTo) < Date.now()) throw new Error(`${cert} has ended`);
    // `*.corp.example.com` has to be in the certificate; of a certificate for it, one name is as good as another.
    if (!leaf.checkHost(domain.replace(/^\*/, 'any'))) {
      throw new Error(`${cert} is not for ${domain}`);
    }
    return shownCertificate(secret, chain, clientAuthority);
  };

  const ofFiles = async (files: Files, { metadata }: ServiceDocument) => {
    const { domain } = metadata.tags;
    const name = JSON.stringify([files, domain]);
    const before = loaded.get(name);
    if (before && before.lookedAt + LOOK_EVERY_MS > Date.now()) return before.shown;
    const stamp = await stampOf(files);
    if (before?.stamp === stamp && before.shown) {
      before.lookedAt = Date.now();
      return before.shown;
    }
    const shown = await load(files, domain).catch((error: unknown) => {
      const kept = before?.shown ? 'the one before is kept' : 'the service cannot be reached';
      if (before?.stamp !== stamp) {
        log('error', `a certificate cannot be used; ${kept}`, { ...files, reason: reason(error) });
      }
      return before?.shown ?? null;
    });
    loaded.set(name, { shown, stamp, lookedAt: Date.now() });
    return shown;
  };

  return {
    async of(document) {
      const { files, dnsNames } = document.spec.cert_settings;
      if (files) {
        const shown = await ofFiles(files, document);
        if (!shown) throw new Error('there is no certificate for it');
        return shown;
      }
      const { name, tags } = document.metadata;
      const names = new Set([tags.domain, ...namesOf(document), ...dnsNames]);
      return serverCertificates.of({ names: [...names], commonName: dnsNames[0] ?? name });
    },
    async problemOf({ metadata, spec }) {
      const { files } = spec.cert_settings;
      if (!files) return null;
      return load(files, metadata.tags.domain).then(() => null, reason);
    },
  };
}

/** Changes when one of the files does, or goes away. */
async function stampOf({ cert, key }: Files): Promise<string> {
  const facts = await Promise.all(
    [cert, key].map((file) => stat(file, { bigint: true }).catch(() => null)),
  );
  return facts.map((each) => `${each?.ino} ${each?.mtimeNs} ${each?.size}`).join();
}
