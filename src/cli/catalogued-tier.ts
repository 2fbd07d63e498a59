// Where the Access Tier of a service is, as the running app knows it: the service's own name need not be in DNS.
import { connectControlSocket } from '../main/ipc/control-client.ts';
import type { HostAndPort } from '../shared/protocol/host-port.ts';

/** Of an app that hangs; an ssh waits for us. */
const ANSWER_WITHIN_MS = 1_000;

/** null: the app knows no such service. Rejects where no app runs, or none that answers. */
export async function cataloguedTier(
  home: string,
  { host, port }: HostAndPort,
): Promise<HostAndPort | null> {
  const client = await connectControlSocket(home);
  const deadline = setTimeout(() => client.close(), ANSWER_WITHIN_MS);
  try {
    const { slices } = await client.call('app.snapshot', {});
    const service = slices.catalog.services.find(
      ({ domain, accessTier }) => domain === host && accessTier.port === port,
    );
    return service?.accessTier ?? null;
  } finally {
    clearTimeout(deadline);
    client.close();
  }
}
