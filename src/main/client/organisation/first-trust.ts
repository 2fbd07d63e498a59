// From an invite to an organisation that is proved to be the one it names. See docs/protocol.md 2.
import type { X509Certificate } from 'node:crypto';
import { AppError } from '../../../shared/errors.ts';
import { z } from '../../../shared/schema.ts';
import type { Invite } from '../../../shared/protocol/invite.ts';
import {
  CA_CERTIFICATES_PATH,
  ORGANISATION_DOCUMENT_PATH,
  type OrganisationDocument,
  organisationDocument,
} from '../../../shared/protocol/organisation.ts';
import { shortAddress } from './address.ts';
import { fingerprintOf, isRoot, organisationIdOf, readCertificates } from './certificates.ts';
import { type Connection, createConnection, type Network } from './connection.ts';
import { invalidAnswer } from './failures.ts';

export interface ProvedOrganisation {
  id: string;
  /** `host[:port]`, 443 left out. */
  host: string;
  rootFingerprint: string;
  /** PEM. */
  root: string;
  document: OrganisationDocument;
}

export async function proveOrganisation(
  invite: Invite,
  version: string,
  network: Network,
): Promise<ProvedOrganisation> {
  const host = shortAddress(invite.organisation);
  const url = `https://${host}${CA_CERTIFICATES_PATH}`;
  const root = await fetchRoot(url, invite.rootFingerprint, network);
  if (!root) {
    throw new AppError(
      'device/root-mismatch',
      `${host} does not have the root certificate that the invite names.`,
      { details: { host } },
    );
  }
  const connection = createConnection({ root: root.toString() }, network);
  try {
    const document = await fetchDocument(connection, host, version);
    return {
      id: organisationIdOf(root),
      host,
      rootFingerprint: invite.rootFingerprint,
      root: root.toString(),
      document,
    };
  } finally {
    await connection.destroy();
  }
}

/** Nobody is believed here: only a certificate with this fingerprint gets any further; null: there is none. */
export async function fetchRoot(
  url: string,
  fingerprint: string,
  network: Network,
): Promise<X509Certificate | null> {
  const { host } = new URL(url);
  const unverified = createConnection({ root: null }, network);
  try {
    const answer = await unverified.ask({ url });
    if (answer.status !== 200) throw invalidAnswer(host, `it answered ${answer.status}`);
    const certificates = await readCertificates(answer.body).catch((error: unknown) => {
      throw invalidAnswer(host, 'it holds no certificates', error);
    });
    const root = certificates.find((candidate) => fingerprintOf(candidate) === fingerprint);
    return root && isRoot(root) ? root : null;
  } finally {
    await unverified.destroy();
  }
}

export async function fetchDocument(
  connection: Connection,
  host: string,
  version: string,
): Promise<OrganisationDocument> {
  const document = await readDocument(connection, host);
  const error = tooOld(document, version);
  if (error) throw error;
  return document;
}

/** An organisation that only newer apps understand. */
const isNewer = z.object({ version: z.int().min(2) });

/** Whatever version it asks for. */
export async function readDocument(
  connection: Connection,
  host: string,
): Promise<OrganisationDocument> {
  const answer = await connection.ask({ url: `https://${host}${ORGANISATION_DOCUMENT_PATH}` });
  if (answer.status !== 200) throw invalidAnswer(host, `it answered ${answer.status}`);
  const written = parseJson(answer.body);
  const decoded = organisationDocument.safeParse(written);
  if (!decoded.success && isNewer.safeParse(written).success) {
    throw new AppError(
      'organisation/app-too-old',
      `${host} describes itself in a newer way than this app can read.`,
    );
  }
  if (!decoded.success) {
    throw invalidAnswer(host, 'it is not an organisation document', decoded.error);
  }
  return decoded.data;
}

export function tooOld(document: OrganisationDocument, version: string): AppError | null {
  const needed = document.minimum_app_version;
  if (!needed || !isOlder(version, needed)) return null;
  return new AppError(
    'organisation/app-too-old',
    `${document.name} needs version ${needed} of this app or a newer one; this is ${version}.`,
  );
}

export function isOlder(version: string, needed: string): boolean {
  const parts = (text: string): number[] => text.split(/[.-]/, 3).map(Number);
  const [have, want] = [parts(version), parts(needed)];
  for (let index = 0; index < 3; index += 1) {
    const difference = (have[index] ?? 0) - (want[index] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not JSON: the caller's decoder refuses undefined
  }
}
