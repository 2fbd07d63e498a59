// What proves to an ACME directory that a name is ours (RFC 8737), kept in the store: it may come to another edge than the
// one that orders.
import { createSecureContext, type SecureContext } from 'node:tls';
import { certificateNames } from '../access-tier/frontends.ts';
import type { Rulebook } from '../command-center/rulebook.ts';
import type { Store } from '../store/store.ts';
import type { Directory } from './order.ts';

export interface Challenges {
  /** Whoever asks for proof of this name is shown it from now on. */
  present(name: string, keyAuthorization: string): Promise<void>;
  withdraw(names: readonly string[]): Promise<void>;
  /** Those of edges that did not come to it. */
  withdrawOld(): Promise<void>;
  /** Rejects where nothing has to be proven. */
  challengeFor(name: string): Promise<SecureContext>;
}

const LIFE_MS = 5 * 60_000;

export function createChallenges(
  store: Store,
  rulebook: Pick<Rulebook, 'services'>,
  directory: Pick<Directory, 'challengeCertificate'>,
): Challenges {
  /** The last one: a directory asks from several places at once, and for one name after the other. */
  let made: { of: string; context: Promise<SecureContext> } | null = null;
  const contextOf = async (name: string, keyAuthorization: string): Promise<SecureContext> => {
    const { key, cert } = await directory.challengeCertificate(name, keyAuthorization);
    return createSecureContext({ key, cert, minVersion: 'TLSv1.3' });
  };
  /** Known without a question to the store, which strangers could make it answer. */
  const isAsked = (name: string): boolean =>
    rulebook
      .services()
      .some(
        ({ document }) =>
          document.spec.cert_settings.byAcme && certificateNames(document).includes(name),
      );
  const withdraw = async (names: readonly string[]): Promise<void> => {
    for (const name of names) await store.delete('acmeChallenges', name);
  };
  return {
    present: (name, keyAuthorization) =>
      store.put('acmeChallenges', name, { keyAuthorization, until: Date.now() + LIFE_MS }),
    withdraw,
    async withdrawOld() {
      const all = await store.list('acmeChallenges');
      await withdraw(all.filter(([, { until }]) => until < Date.now()).map(([name]) => name));
    },
    async challengeFor(name) {
      const challenge = isAsked(name) ? await store.get('acmeChallenges', name) : undefined;
      if (!challenge || challenge.until < Date.now()) throw new Error('nothing has to be proven');
      const { keyAuthorization } = challenge;
      if (made?.of !== keyAuthorization) {
        made = { of: keyAuthorization, context: contextOf(name, keyAuthorization) };
      }
      return made.context;
    },
  };
}
