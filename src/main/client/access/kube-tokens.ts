// Signs her in to one cluster: a token of the organisation for kubectl, asked for anew each time and kept nowhere.
import { AppError } from '../../../shared/errors.ts';
import { kubeTokenAnswer } from '../../../shared/protocol/kube-token.ts';
import { refuseToOpen } from './admission.ts';
import type { Vouchers } from './vouchers.ts';

const TOKEN = {
  path: 'kube-token',
  schema: kubeTokenAnswer,
  is: 'token',
  use: 'sign you in to clusters',
};

export const createKubeTokens = (vouchers: Vouchers) => ({
  async issue(id: string): Promise<{ token: string; expiresAt: number }> {
    const service = vouchers.listed(id);
    if (service.type !== 'K8S' || service.kubeCa === undefined) {
      throw new AppError(
        'program/entry-not-allowed',
        `${service.friendlyName} is no cluster that your organisation signs you in to.`,
      );
    }
    if (service.access.status === 'denied') throw refuseToOpen(service);
    const { answer } = await vouchers.ask(TOKEN, id);
    return { token: answer.token, expiresAt: answer.expires_at * 1000 };
  },
});
