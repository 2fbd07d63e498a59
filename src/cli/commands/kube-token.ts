// banyan kube-token <service>: the credential plugin that ~/.kube/banyan names to kubectl.
import { AppError } from '../../shared/errors.ts';
import type { ClientApi } from '../../shared/ipc/contract.ts';
import { serviceId } from '../../shared/protocol/text.ts';
import { type Command, findService } from '../context.ts';
import { execCredential, versionAsked } from '../exec-credential.ts';
import { reachClient } from '../reach-client.ts';

export const kubeToken: Command = async ({ home, print, arguments: { positionals } }) => {
  // First: a token that nobody can be given is not asked for.
  const version = versionAsked(process.env['KUBERNETES_EXEC_INFO']);
  const client = await reachClient(home);
  try {
    const service = await idOf(client, positionals[0] ?? '');
    const token = await client.call('program.kubeToken', { service });
    const credential = execCredential(token, version);
    print.result(credential, [JSON.stringify(credential)]);
  } finally {
    await client.close();
  }
};

/** By an id that is not in the list, as a kubeconfig has it: the organisation says why it is not. */
async function idOf(client: ClientApi, wanted: string): Promise<string> {
  try {
    return (await findService(client, wanted)).id;
  } catch (error) {
    const isUnknown = error instanceof AppError && error.code === 'catalog/service-not-found';
    if (isUnknown && serviceId.safeParse(wanted).success) return wanted;
    throw error;
  }
}
