// Somebody who registers a device by signing in, reduced to requests.
import * as openid from 'openid-client';
import { signInWithoutBrowser, type SignInAnswers } from '../../scripts/lib/approve-sign-in.mjs';
import { fetchUnder } from './https.ts';
import { type OpenId, relyingParty } from './relying-party.ts';
import type { TestEdge } from './start-edge.ts';

export const registrationOf = (edge: TestEdge): Promise<OpenId> =>
  relyingParty(edge, {
    clientId: edge.edge.document.registration?.client_id ?? 'banyan-registration',
    authentication: openid.None(),
    parameters: { scope: 'openid email' },
  });

/** A token that is good for one device. */
export async function registrationToken(edge: TestEdge, answers?: SignInAnswers): Promise<string> {
  const registration = await registrationOf(edge);
  const withRoot = { fetch: fetchUnder(edge.edge.root), ...answers };
  const tokens = await registration.finish(
    await signInWithoutBrowser(await registration.start(), withRoot),
  );
  return tokens.id_token!;
}
