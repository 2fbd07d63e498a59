// An ACME directory that nobody here wrote (Debian's pebble), with a DNS that leads every name to this computer. It asks for
// proof at one port, refuses some nonces, and forgets everything with its end.
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { call } from './https.ts';
import { type Daemon, freePort, missing, startDaemon } from './foreign-servers.ts';
import { createTestPki } from './pki.ts';
import { tempDir } from './temp-dir.ts';
import { until } from './until.ts';

export interface AcmeServer {
  /** Address of its directory; nobody answers there before `start`. */
  directory: string;
  /** PEM of who vouches for the directory's own TLS. */
  root: string;
  start(): Promise<RunningAcmeServer>;
}
export interface RunningAcmeServer extends Daemon {
  /** PEM of the root of what it issues. */
  issuedUnder: string;
}

export const acmeServerMissing = (): string | null => missing('pebble', 'pebble-challtestsrv');

export async function acmeServer(wish: {
  /** Where names have to be proven: 443 elsewhere. */
  tlsPort: number;
  lifetimeSeconds?: number;
  /** Only with one of these is an account made: key by its id. */
  externalAccounts?: Record<string, string>;
}): Promise<AcmeServer> {
  const folder = tempDir();
  const [port, managementPort] = [await freePort(), await freePort()];
  const pki = await createTestPki('Test Directory Root');
  const own = await pki.issue({ commonName: 'directory', ipAddresses: ['127.0.0.1'] });
  const file = (name: string, content: string): string => {
    const at = path.join(folder, name);
    writeFileSync(at, content);
    return at;
  };
  const config = {
    listenAddress: `127.0.0.1:${port}`,
    managementListenAddress: `127.0.0.1:${managementPort}`,
    certificate: file('cert.pem', own.certificate),
    privateKey: file('key.pem', own.key),
    httpPort: 1,
    tlsPort: wish.tlsPort,
    ocspResponderURL: '',
    externalAccountBindingRequired: wish.externalAccounts !== undefined,
    externalAccountMACKeys: wish.externalAccounts ?? {},
    ...(wish.lifetimeSeconds !== undefined && { certificateValidityPeriod: wish.lifetimeSeconds }),
  };
  const configFile = file('pebble.json', JSON.stringify({ pebble: config }));
  // Somebody else would take it until then.
  const held = createServer((socket) => void socket.destroy()).listen(port, '127.0.0.1');
  onTestFinished(() => void held.close());
  return {
    directory: `https://127.0.0.1:${port}/dir`,
    root: pki.root,
    async start() {
      const names = await startNames();
      await new Promise((resolve) => held.close(resolve));
      const daemon = await startDaemon('pebble', ['-config', configFile, '-dnsserver', names], {
        port,
        env: { PEBBLE_VA_NOSLEEP: '1' },
      });
      // Its second port, which may open later.
      const roots = `https://127.0.0.1:${managementPort}/roots/0`;
      const asked = await until(() => call(roots, { root: pki.root }).catch(() => null));
      return { ...daemon, issuedUnder: asked.body };
    },
  };
}

/** `address:port` of a DNS server to which every name is this computer. */
async function startNames(): Promise<string> {
  const [port, managementPort] = [await freePort(), await freePort()];
  const nothing = ['-http01', '', '-https01', '', '-tlsalpn01', ''];
  const here = ['-defaultIPv4', '127.0.0.1', '-defaultIPv6', ''];
  const ports = ['-dns01', `127.0.0.1:${port}`, '-management', `127.0.0.1:${managementPort}`];
  await startDaemon('pebble-challtestsrv', [...nothing, ...here, ...ports], {
    port: managementPort,
  });
  return `127.0.0.1:${port}`;
}
