// banyan kube-token <service>: the credential plugin that ~/.kube/banyan names to kubectl.
import { type Command, findService } from '../context.ts';
import { execCredential } from '../exec-credential.ts';
import { reachClient } from '../reach-client.ts';

export const kubeToken: Command = async ({ home, print, arguments: { positionals } }) => {
  const asked = process.env['KUBERNETES_EXEC_INFO'];
  const client = await reachClient(home);
  try {
    const { id } = await findService(client, positionals[0] ?? '');
    const credential = execCredential(
      await client.call('program.kubeToken', { service: id }),
      asked,
    );
    print.result(credential, [JSON.stringify(credential)]);
  } finally {
    await client.close();
  }
};
