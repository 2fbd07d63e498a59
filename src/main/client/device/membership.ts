// A registered device in its organisation: everything that is needed to talk to it.
import type { OrganisationFacts } from '../../../shared/model/device.ts';
import type { OrganisationDocument } from '../../../shared/protocol/organisation.ts';
import type { Connection } from '../organisation/connection.ts';

export interface Membership {
  organisation: OrganisationFacts;
  document: OrganisationDocument;
  /** PEM. */
  root: string;
  deviceId: string;
  /** Mutual TLS with the DeviceCert. Another one after a renewal: ask for the membership each time. */
  connection: Connection;
}
