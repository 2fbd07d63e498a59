// Signs her in to one cluster: a token of the organisation for kubectl, asked for anew each time and kept nowhere.
import { AppError } from '../../../shared/errors.ts';
import { kubeTokenAnswer } from '../../../shared/protocol/kube-token.ts';
import { refuseToOpen } from './admission.ts';
import type { OrganisationDocument } from '../../../shared/protocol/organisation.ts';
import type { Vouchers } from './vouchers.ts';

const TOKEN = {
  path: 'kube-token',
  schema: kubeTokenAnswer,
  is: 'token',
  use: 'sign you in to clusters',
};

export const createKubeTokens = (vouchers: Vouchers) => ({
  async issue(id: string): Promise<{ token: string; expiresAt: number }> {
    // A kubeconfig goes on naming a service that is not in her list any more: the organisation then says why.
    const { service, document } = vouchers.known(id);
    if (!givesKubeTokens(document)) {
      throw noSignIn(
        `People of ${document.name} sign in at another issuer, and to its clusters too.`,
      );
    }
    if (service && service.type !== 'K8S') {
      throw new AppError(
        'usage/invalid-input',
        `${service.friendlyName} is no cluster: \`banyan services\` shows K8S beside those.`,
      );
    }
    if (service && service.kubeCa === undefined) {
      throw noSignIn(`${service.friendlyName} is a cluster that signs people in itself.`);
    }
    if (service?.access.status === 'denied') throw refuseToOpen(service);
    const { answer } = await vouchers.ask(TOKEN, id);
    return { token: answer.token, expiresAt: answer.expires_at * 1000 };
  },
});

/** Where people sign in at an issuer that is not the organisation's, clusters ask that one. */
export const givesKubeTokens = ({ client_id }: OrganisationDocument): boolean =>
  client_id === undefined;

const noSignIn = (why: string): AppError => new AppError('program/no-cluster-sign-in', why);
