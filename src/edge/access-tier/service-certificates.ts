// Which certificate a service shows: one of the organisation's own authority, one of an ACME directory, or one from files
// of this machine, which are read again when they change. Files that cannot be used change nothing but the log.
import { X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import {
  type ServerCertificates,
  type ShownCertificate,
  shownCertificate,
} from '../authority/server-certificates.ts';
import type { ServiceDocument } from '../command-center/documents.ts';
import { type Log, reason } from '../log.ts';
import { certificateNames } from './frontends.ts';

export interface ServiceCertificates {
  /** Rejects when there are files and none of them could ever be used, and until a directory has issued one. */
  of(document: ServiceDocument): Promise<ShownCertificate>;
  /** Why it can have none as it is defined, and by which setting; null: it can. */
  problemOf(document: ServiceDocument): Promise<CertificateProblem | null>;
}

export interface CertificateProblem {
  setting: 'custom_tls_cert' | 'letsencrypt';
  reason: string;
}

/** Of an ACME directory. */
export interface IssuedCertificates {
  /** Null: there is none yet. */
  of(document: ServiceDocument): ShownCertificate | null;
  problemOf(document: ServiceDocument): string | null;
}

export interface ServiceCertificatesOptions {
  /** Null: the configuration names no directory. */
  acme: IssuedCertificates | null;
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
const LARGEST = 1024 * 1024;
const NO_DIRECTORY =
  'this edge has no "acme" in its configuration: name a directory there, or have a program such as certbot write the files, and name them in custom_tls_cert';

export function createServiceCertificates(
  options: ServiceCertificatesOptions,
): ServiceCertificates {
  const { serverCertificates, clientAuthority, acme, log } = options;
  const loaded = new Map<string, Loaded>();
  const told = new Set<string>();

  const load = async ({ cert, key }: Files, domain: string): Promise<ShownCertificate> => {
    const [chain, secret] = await Promise.all([readBounded(cert), readBounded(key)]);
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

  const whyNotByAcme = (document: ServiceDocument): string | null =>
    acme === null ? NO_DIRECTORY : acme.problemOf(document);
  /** Of a service that was stored under another configuration. Once: who connects often shall not fill the log. */
  const tellWhyNot = (document: ServiceDocument): void => {
    const { domain } = document.metadata.tags;
    const why = whyNotByAcme(document);
    if (why === null || told.has(domain)) return;
    told.add(domain);
    log('error', 'a service cannot be reached', { domain, reason: why });
  };

  return {
    async of(document) {
      const { files, byAcme, dnsNames } = document.spec.cert_settings;
      if (files || byAcme) {
        const shown = files ? await ofFiles(files, document) : acme?.of(document);
        if (!shown) {
          if (byAcme) tellWhyNot(document);
          throw new Error('there is no certificate for it');
        }
        return shown;
      }
      return serverCertificates.of({
        names: certificateNames(document),
        commonName: dnsNames[0] ?? document.metadata.name,
      });
    },
    async problemOf(document) {
      const { files, byAcme } = document.spec.cert_settings;
      if (byAcme) {
        const why = whyNotByAcme(document);
        return why === null ? null : { setting: 'letsencrypt', reason: why };
      }
      if (!files) return null;
      return load(files, document.metadata.tags.domain).then(
        () => null,
        (error: unknown) => ({ setting: 'custom_tls_cert', reason: reason(error) }),
      );
    },
  };
}

/** What has no end, or waits for a writer, would be read for ever. */
async function readBounded(file: string): Promise<string> {
  const facts = await stat(file);
  if (!facts.isFile()) throw new Error(`${file} is no ordinary file`);
  if (facts.size > LARGEST) throw new Error(`${file} is larger than any certificate or key`);
  return readFile(file, 'utf8');
}

/** Changes when one of the files does, or goes away. */
async function stampOf({ cert, key }: Files): Promise<string> {
  const facts = await Promise.all(
    [cert, key].map((file) => stat(file, { bigint: true }).catch(() => null)),
  );
  return facts.map((each) => `${each?.ino} ${each?.mtimeNs} ${each?.size}`).join();
}
