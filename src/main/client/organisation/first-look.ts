// From an address alone to an organisation: what it says of itself, and whether a public authority vouches for the server
// that says so. See docs/protocol.md 2.
import { AppError } from '../../../shared/errors.ts';
import {
  CA_CERTIFICATES_PATH,
  type OrganisationDocument,
} from '../../../shared/protocol/organisation.ts';
import type { HostAndPort } from '../../../shared/protocol/text.ts';
import { shortAddress } from './address.ts';
import { organisationIdOf } from './certificates.ts';
import { createConnection, type Network, type Trust } from './connection.ts';
import { invalidAnswer } from './failures.ts';
import { fetchDocument, fetchRoot, type ProvedOrganisation } from './first-trust.ts';

export interface FirstLook {
  /** Its parts belong together; whose they are is proved only where somebody vouches, or a person has compared. */
  organisation: ProvedOrganisation;
  isVouchedFor: boolean;
}

export interface FirstLookOptions {
  network: Network;
  version: string;
  /** PEM of the authorities that this computer trusts. */
  publicRoots: () => readonly string[];
}

export async function lookAt(address: HostAndPort, options: FirstLookOptions): Promise<FirstLook> {
  const { network, version } = options;
  const host = shortAddress(address);
  const documentUnder = async (root: Trust['root']): Promise<OrganisationDocument> => {
    const connection = createConnection({ root }, network);
    try {
      return await fetchDocument(connection, host, version);
    } finally {
      await connection.destroy();
    }
  };
  const vouched = await documentUnder([...options.publicRoots()]).catch((error: unknown) => {
    // No authority of this computer knows it. Whatever else is wrong must not lead to less being asked.
    if (error instanceof AppError && error.code === 'device/root-mismatch') return null;
    throw error;
  });
  const { name, est, registration } = vouched ?? (await documentUnder(null));
  if (!registration) {
    throw new AppError(
      'device/sign-in-not-offered',
      `${name} (${host}) does not register devices by signing in.`,
    );
  }
  // A document on a public website names the servers of the organisation, which are under its own root.
  const from = vouched ? `${est.device}/cacerts` : `https://${host}${CA_CERTIFICATES_PATH}`;
  const root = await fetchRoot(from, registration.root, network);
  const pem = root?.toString();
  const document = pem === undefined ? null : (vouched ?? (await documentUnder(pem)));
  if (!root || pem === undefined || document?.registration?.root !== registration.root) {
    throw invalidAnswer(host, 'it names a root certificate that it does not have');
  }
  return {
    organisation: {
      id: organisationIdOf(root),
      host,
      rootFingerprint: registration.root,
      root: pem,
      document,
    },
    isVouchedFor: vouched !== null,
  };
}
