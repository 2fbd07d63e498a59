// Certificate requests over HTTPS (EST, RFC 7030 4.2). See docs/protocol.md 3 and 5.
import { X509Certificate } from 'node:crypto';
import type { AppError } from '../../../shared/errors.ts';
import { chainFor, createKeyAndRequest, readCertificates, toPem, urisOf } from './certificates.ts';
import type { Answer, Connection } from './connection.ts';
import { invalidAnswer } from './failures.ts';

export interface IssuedCertificate {
  /** PEM. */
  key: string;
  /** PEM, leaf first, without the root. */
  certificate: string;
  /** Base64: for another certificate of the same key. */
  request: string;
  /** Of the subject alternative name: whom it is for is judged by whoever asked for it. */
  uris: string[];
  /** Milliseconds since the epoch. */
  expiresAt: number;
}

export interface EnrolOptions {
  connection: Connection;
  /** e.g. `https://…/.well-known/est/device`. */
  base: string;
  operation: 'simpleenroll' | 'simplereenroll';
  headers?: Record<string, string>;
  /** PEM of the organisation's root: what comes back has to end there. */
  root: string;
  /** What a refusal means here; null: an answer that should not be. */
  refused: (answer: Answer) => AppError | null;
}

/** A fresh key, a request for it, and the certificate that comes back. */
export async function enrol(options: EnrolOptions): Promise<IssuedCertificate> {
  const { host } = new URL(options.base);
  const { key, request, publicKey } = await createKeyAndRequest();
  const answer = await options.connection.ask({
    method: 'POST',
    url: `${options.base}/${options.operation}`,
    headers: {
      'content-type': 'application/pkcs10',
      'content-transfer-encoding': 'base64',
      ...options.headers,
    },
    body: request,
  });
  if (answer.status !== 200) {
    throw (
      options.refused(answer) ??
      invalidAnswer(host, `it answered ${answer.status} to a certificate request`)
    );
  }
  const certificates = await readCertificates(answer.body).catch((error: unknown) => {
    throw invalidAnswer(host, 'it holds no certificates', error);
  });
  const chain = chainFor(publicKey, certificates, new X509Certificate(options.root));
  if (!chain) throw invalidAnswer(host, 'the certificate is not for this device');
  const [leaf] = chain;
  if (!isForClients(leaf)) throw invalidAnswer(host, 'the certificate is for another purpose');
  if (!options.connection.clocks().some((now) => isInForce(leaf, now))) {
    throw invalidAnswer(host, 'the certificate is not valid now');
  }
  const expiresAt = Date.parse(leaf.validTo);
  return { key, request, certificate: toPem(chain), uris: await urisOf(leaf), expiresAt };
}

const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
/** Authorities date back what they issue, and need not by much. */
const EARLY_MS = 5 * 60_000;

/** One that names no purpose is for any (RFC 5280 4.2.1.12). */
function isForClients({ ca, keyUsage: purposes }: X509Certificate): boolean {
  // Node's types know it as always there.
  const named = purposes as string[] | undefined;
  return !ca && (named === undefined || named.includes(CLIENT_AUTH));
}

const isInForce = ({ validFrom, validTo }: X509Certificate, now: number): boolean =>
  Date.parse(validFrom) <= now + EARLY_MS && now < Date.parse(validTo);

/** DER of object identifiers: rsaEncryption, ecPublicKey, prime256v1. */
const RSA = Buffer.from('06092a864886f70d010101', 'hex');
const EC = Buffer.from('06072a8648ce3d0201', 'hex');
const P256 = Buffer.from('06082a8648ce3d030107', 'hex');

/** Asked before an invite is used up: whether the server takes the kind of key that is made here (RFC 7030 4.5). */
export async function proveKeyIsWelcome(connection: Connection, base: string): Promise<void> {
  const answer = await connection.ask({ url: `${base}/csrattrs` });
  if (answer.status !== 200) return; // it asks for nothing in particular: 204, 404
  const asked = Buffer.from(answer.body.replaceAll(/\s/g, ''), 'base64');
  if (!answer.headers['content-type']?.startsWith('application/csrattrs') || asked.length === 0) {
    throw invalidAnswer(new URL(base).host, 'it does not say what a key has to be');
  }
  if (asked.includes(P256) || (!asked.includes(RSA) && !asked.includes(EC))) return;
  throw invalidAnswer(new URL(base).host, 'it asks for a kind of key that this app does not make');
}

/** ASCII only: a header cannot carry more. */
export const asciiJson = (value: unknown): string =>
  JSON.stringify(value).replaceAll(
    /[^\u0020-\u007e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
