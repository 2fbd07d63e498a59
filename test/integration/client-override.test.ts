// A person's own address and port, while the administrator changes her mind about allowing it.
import { Server } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { findFreePort } from '../../src/main/client/adapters/port-holder.ts';
import { startBackend } from '../support/collection.ts';
import { startClient } from '../support/start-client.ts';
import { startEdge } from '../support/start-edge.ts';

const SERVICE = 'desk.demo.bnn';

it('is set aside while it is not allowed, and comes back when it is', async () => {
  const edge = await startEdge();
  onTestFinished(() => edge.stop());
  const backend = await startBackend((socket) => void socket.end());
  onTestFinished(() => backend.stop());
  const [assigned, port] = [(await findFreePort())!, (await findFreePort('127.0.0.2'))!];
  const publish = (allowed: boolean) =>
    edge.edge.apply({
      services: [
        {
          kind: 'BanyanService',
          metadata: {
            name: 'desk',
            cluster: 'demo',
            tags: {
              domain: 'desk.demo.localhost',
              service_app_type: 'GENERIC',
              banyanproxy_mode: 'TCP',
              app_listen_port: String(assigned),
              allow_user_override: allowed,
            },
          },
          spec: { backend: { target: { name: '127.0.0.1', port: backend.port } } },
        },
      ],
      attachments: [{ PolicyID: 'engineers', ServiceID: SERVICE, Enabled: 'TRUE' }],
    });
  await publish(true);
  const client = await startClient();
  onTestFinished(() => client.stop());
  await client.register(await edge.edge.createInvite());
  await client.signIn();
  const shown = () => client.slices().tunnels.ports[SERVICE];
  const own = { host: '127.0.0.2', port };
  await client.call('tunnel.override', { service: SERVICE, ...own });
  await client.call('tunnel.open', { service: SERVICE });

  await publish(false);
  // What is open moves to what the administrator says.
  await client.until(({ tunnels: { states } }) => {
    const now = states[SERVICE];
    return now?.status === 'open' && now.address.port === assigned;
  });
  const asAssigned = { host: '127.0.0.1', port: assigned, source: 'assigned' };
  expect(shown()).toEqual({ ...asAssigned, setAside: own });
  await expect(
    client.call('tunnel.override', { service: SERVICE, port: null }),
  ).rejects.toMatchObject({ code: 'tunnel/override-not-allowed' });

  await publish(true);
  await client.until(({ tunnels: { states } }) => {
    const now = states[SERVICE];
    return now?.status === 'open' && now.address.host === own.host && now.address.port === port;
  });
  expect(shown()).toEqual({ ...own, source: 'override' });
});

it('leaves what is connected as it is where the port may not be opened', async () => {
  const edge = await startEdge();
  onTestFinished(() => edge.stop());
  const client = await startClient();
  onTestFinished(() => client.stop());
  await client.register(await edge.edge.createInvite());
  await client.signIn();
  const service = 'echo.demo.bnn';
  await client.call('tunnel.open', { service });
  const before = client.slices().tunnels.ports[service];
  // As the system answers whoever is not root: tests may be.
  // oxlint-disable-next-line typescript/unbound-method -- called below with the server that it belongs to
  const listen = Server.prototype.listen;
  vi.spyOn(Server.prototype, 'listen').mockImplementation(function (this: Server, ...given) {
    if ((given[0] as { port?: number }).port !== 80) return listen.apply(this, given as never);
    setImmediate(() => this.emit('error', Object.assign(new Error('no'), { code: 'EACCES' })));
    return this;
  });
  onTestFinished(() => void vi.restoreAllMocks());
  await expect(client.call('tunnel.override', { service, port: 80 })).rejects.toMatchObject({
    code: 'tunnel/listen-failed',
  });
  expect(client.slices().tunnels.states[service]).toMatchObject({ status: 'open' });
  expect(client.slices().tunnels.ports[service]).toEqual(before);
});
