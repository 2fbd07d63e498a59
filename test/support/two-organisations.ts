// One device in two organisations that are alike in all but name and keys: what is mixed up would work at first.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { unseal, type VaultContent } from '../../src/main/client/device/vault.ts';
import type { RegistrationFile } from '../../src/main/client/settings/files.ts';
import { startClient, type TestClient, type TestClientOptions } from './start-client.ts';
import { startEdge, type TestEdge } from './start-edge.ts';

export const ECHO = 'echo.demo.bnn';

export interface TwoOrganisations {
  alpha: TestEdge;
  beta: TestEdge;
  stop(): Promise<void>;
}

export async function startTwoOrganisations(
  options: Parameters<typeof startEdge>[0] = {},
): Promise<TwoOrganisations> {
  const [alpha, beta] = await Promise.all(
    ['Alpha', 'Beta'].map((name) => startEdge({ ...options, name })),
  );
  return {
    alpha: alpha!,
    beta: beta!,
    async stop() {
      await Promise.all([alpha!.stop(), beta!.stop()]);
    },
  };
}

export const idOf = ({ edge }: TestEdge): string =>
  Buffer.from(edge.rootFingerprint, 'base64url').toString('hex').slice(0, 16);
export const folderOf = ({ home }: TestClient, edge: TestEdge): string =>
  path.join(home, 'orgs', idOf(edge));

export async function aClient(options: TestClientOptions = {}): Promise<TestClient> {
  const client = await startClient(options);
  onTestFinished(() => client.stop());
  return client;
}

export async function join(
  client: TestClient,
  edge: TestEdge,
  secrets: 'keychain' | 'memory' = 'keychain',
): Promise<void> {
  await client.register(await edge.edge.createInvite(), secrets);
  await client.signIn();
}

/** Registered and signed in with both; Beta is active. */
export async function inBoth(
  { alpha, beta }: TwoOrganisations,
  options: TestClientOptions = {},
): Promise<TestClient> {
  const client = await aClient(options);
  await join(client, alpha);
  await join(client, beta);
  return client;
}

export const switchTo = (client: TestClient, edge: TestEdge) =>
  client.call('organisation.switch', { organisation: idOf(edge) });

export async function portOf(client: TestClient, service: string): Promise<number> {
  const tunnel = await client.call('tunnel.open', { service });
  if (tunnel.status !== 'open') throw new Error(tunnel.status);
  return tunnel.address.port;
}

/** Content by name of everything below. */
export function contentOf(folder: string): Record<string, string> {
  const names = readdirSync(folder).toSorted();
  return Object.fromEntries(
    names.map((name) => [name, readFileSync(path.join(folder, name), 'base64')]),
  );
}

export const registrationOf = (client: TestClient, edge: TestEdge): RegistrationFile =>
  JSON.parse(
    readFileSync(path.join(folderOf(client, edge), 'registration.json'), 'utf8'),
  ) as RegistrationFile;

export function vaultOf(client: TestClient, edge: TestEdge): VaultContent {
  const key = client.keychain.entries.get(registrationOf(client, edge).secretName)!;
  return unseal(key, idOf(edge), readFileSync(path.join(folderOf(client, edge), 'vault.bin')));
}

/** The organisation whose three certificate files are in the home; null without any. */
export function filesOf({ home }: TestClient, { alpha, beta }: TwoOrganisations): TestEdge | null {
  const found = ['login-cacert.pem', 'login-key.pem', 'login-cert.pem'].filter((name) =>
    existsSync(path.join(home, name)),
  );
  if (found.length === 0) return null;
  expect(found).toHaveLength(3);
  const ca = readFileSync(path.join(home, 'login-cacert.pem'), 'utf8');
  return [alpha, beta].find(({ edge }) => edge.root === ca) ?? null;
}

export const activeOf = (client: TestClient): string[] =>
  client
    .slices()
    .organisations.filter(({ isActive }) => isActive)
    .map(({ name }) => name);
