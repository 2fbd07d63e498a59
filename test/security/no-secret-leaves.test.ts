// After everything that a device does in its life: no key, token, invite or passphrase stands in any log, file or message
// but where it belongs. The secrets are read from where they are sealed, so that the search is for the real ones.
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createFileLog } from '../../src/main/client/adapters/log.ts';
import { createFileSecretStore } from '../../src/main/client/adapters/file-secret-store.ts';
import { unseal } from '../../src/main/client/device/vault.ts';
import { layout } from '../../src/main/client/settings/layout.ts';
import { connectControlSocket } from '../../src/main/ipc/control-client.ts';
import { bindControlSocket } from '../../src/main/ipc/control-server.ts';
import type { CallName, InputOf } from '../../src/shared/ipc/contract.ts';
import { toWireError } from '../../src/shared/errors.ts';
import { parseInvite } from '../../src/shared/protocol/invite.ts';
import { exchangeBytes } from '../support/bytes.ts';
import { startClient, type TestClient } from '../support/start-client.ts';
import { startEdge } from '../support/start-edge.ts';
import { tempDir } from '../support/temp-dir.ts';

const PASSPHRASE = 'correct horse battery staple';
const ECHO = 'echo.demo.bnn';

/** The line of a PEM that holds the private number: before it is what all P-256 keys have, behind it the public key. */
const bodyOf = (pem: string): string[] =>
  pem
    .split('\n')
    .filter((line) => line.length > 40 && !line.includes('-----'))
    .slice(1, 2);

/** Everything in the vault that nobody else may know, by what it is. */
async function sealedIn(home: string): Promise<[name: string, secret: string][]> {
  const places = layout(home);
  const [id = ''] = readdirSync(places.organisations);
  const files = places.organisation(id);
  const { secretName } = JSON.parse(readFileSync(files.registration, 'utf8')) as {
    secretName: string;
  };
  const store = createFileSecretStore({ file: places.secrets });
  await store.unlock(PASSPHRASE);
  const vaultKey = (await store.get(secretName))!;
  const { device, session } = unseal(vaultKey, id, readFileSync(files.vault));
  return [
    ['vault key', vaultKey.toString('base64')],
    ['vault key, hexadecimal', vaultKey.toString('hex')],
    ...bodyOf(device.key).map((line): [string, string] => ['device key', line]),
    ...(session
      ? ([
          ['TrustToken', session.trustToken],
          ['signature of the TrustToken', session.trustToken.split('.')[2] ?? ''],
          ['refresh token', session.refreshToken ?? ''],
          ...bodyOf(session.key).map((line) => ['session key', line]),
        ] as [string, string][])
      : []),
  ];
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const file = path.join(folder, name);
    const stat = lstatSync(file);
    if (stat.isDirectory()) return filesBelow(file);
    return stat.isFile() ? [file] : []; // links lead to files that are looked at anyway
  });
}

function expectNone(home: string, secrets: [string, string][], except: string[]): void {
  const files = filesBelow(home).filter((file) => !except.some((each) => file.startsWith(each)));
  expect(files.some((file) => file.endsWith('banyan.log'))).toBe(true);
  for (const file of files) {
    const content = readFileSync(file);
    for (const [name, secret] of secrets) {
      expect(content.includes(secret), `${name} in ${path.relative(home, file)}`).toBe(false);
    }
  }
}

/** A front end at the control socket that keeps every word it hears. */
async function listen(client: TestClient, heard: string[]) {
  const control = await bindControlSocket(client.home, client.log);
  control.serve(client.client);
  const front = await connectControlSocket(client.home);
  front.subscribe((name, payload) => void heard.push(JSON.stringify([name, payload])));
  return {
    async call<Name extends CallName>(name: Name, input: InputOf<Name>): Promise<void> {
      try {
        heard.push(JSON.stringify(await front.call(name, input)) ?? '');
      } catch (error) {
        heard.push(JSON.stringify(toWireError(error)));
      }
    },
    async stop() {
      front.close();
      await control.stop();
    },
  };
}

it('in the whole life of a device, from its registration to its end', async () => {
  const edge = await startEdge({ lifetimes: { trustToken: 4, deviceCert: 8 } });
  onTestFinished(() => edge.stop());
  const home = tempDir();
  const log = createFileLog({ file: layout(home).log, level: 'debug' });
  const client = await startClient({ home, ports: { log } });
  onTestFinished(() => client.stop());
  const heard: string[] = [];
  const secrets: [name: string, secret: string][] = [['passphrase', PASSPHRASE]];
  const link = await edge.edge.createInvite();
  secrets.push(['invite', parseInvite(link).code]);

  const first = await listen(client, heard);
  await first.call('device.inspectInvite', { invite: link });
  const device = { invite: link, name: 'laptop', ownership: 'Other', secrets: 'file' } as const;
  await first.call('device.register', { ...device, passphrase: PASSPHRASE });
  await first.call('session.signIn', { openBrowser: true });
  await first.call('catalog.refresh', {});
  await first.call('tunnel.open', { service: ECHO });
  const tunnel = client.slices().tunnels.states[ECHO];
  await exchangeBytes(tunnel?.status === 'open' ? tunnel.address.port : 0, 'hello');
  await first.call('tunnel.open', { service: 'vault.demo.bnn' });
  secrets.push(...(await sealedIn(home)));
  await client.until(({ session }) => session.status === 'renewing');
  await client.until(({ session }) => session.status === 'signed-in');
  secrets.push(...(await sealedIn(home)));
  const [current = ''] = readdirSync(layout(home).loginSets);
  const loginKey = readFileSync(
    path.join(layout(home).loginSets, current, 'login-key.pem'),
    'utf8',
  );
  secrets.push(...bodyOf(loginKey).map((line): [string, string] => ['login key', line]));
  // While it is signed in, the login files are the one exception: programs like curl read them.
  expectNone(home, secrets, [layout(home).loginSets]);
  await first.call('diagnostics.run', { service: 'vault.demo.bnn' });
  await first.call('diagnostics.save', {});
  await first.call('activity.log', { after: 0 });
  await first.call('activity.connections', { known: 0 });
  await first.stop();

  const again = await client.restart();
  onTestFinished(() => again.stop());
  const second = await listen(again, heard);
  await second.call('device.unlock', { passphrase: `${PASSPHRASE}, or not` });
  await second.call('device.unlock', { passphrase: PASSPHRASE });
  await again.until(({ session }) => session.status === 'signed-in');
  secrets.push(...(await sealedIn(home)));
  await second.call('app.snapshot', {});
  await edge.stop();
  await second.call('catalog.refresh', {});
  await second.call('session.signOut', {});
  await second.call('app.snapshot', {});

  await second.call('activity.log', { after: 0 });
  // It was a life: the words are there in which a secret could have been.
  expect(heard.join('\n')).toContain('"status":"signed-in"');
  expect(heard.join('\n')).toContain('device/passphrase-wrong');
  expect(heard.join('\n')).toContain('"service":"echo.demo.bnn","facts"');
  expect(new Set(secrets.map(([name]) => name)).size).toBe(10);
  for (const [name, secret] of secrets) expect(secret.length, name).toBeGreaterThan(10);

  expectNone(home, secrets, []);
  for (const [name, secret] of secrets) {
    expect(
      heard.some((message) => message.includes(secret)),
      `${name} in a message`,
    ).toBe(false);
  }
  expect(heard.join('\n')).not.toMatch(/eyJ[\w-]+\.[\w-]+\.|PRIVATE KEY/);
  expect(existsSync(path.join(home, 'login-key.pem'))).toBe(false);
  await second.stop();
});
