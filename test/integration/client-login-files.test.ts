// The login-*.pem files belong together at every instant: processes are killed at each of their steps, and looked at.
import { spawn } from 'node:child_process';
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { build } from 'vite';
import { createLoginFiles, type LoginSet } from '../../src/main/client/identity/login-files.ts';
import { layout, LOGIN_FILES } from '../../src/main/client/settings/layout.ts';
import { createTestPki } from '../support/pki.ts';
import { startClient } from '../support/start-client.ts';
import { startEdge } from '../support/start-edge.ts';
import { tempDir } from '../support/temp-dir.ts';

const NAMES = Object.values(LOGIN_FILES);
const built = mkdtempSync(path.join(tmpdir(), 'banyan-test-'));
let sets: [LoginSet, LoginSet];
beforeAll(async () => {
  // Two organisations: not even the root of one fits the other.
  const [one, other] = await Promise.all([createTestPki('One'), createTestPki('Other')]);
  sets = await Promise.all([
    one.issue({ commonName: 'before' }),
    other.issue({ commonName: 'after' }),
  ]);
  writeFileSync(path.join(built, 'sets.json'), JSON.stringify(sets));
  await build({
    configFile: false,
    logLevel: 'error',
    build: {
      ssr: 'test/support/write-login-files.ts',
      target: 'node20',
      outDir: built,
      emptyOutDir: false,
      rolldownOptions: { output: { entryFileNames: 'write.mjs' } },
    },
    ssr: { noExternal: true },
  });
});
afterAll(() => rmSync(built, { recursive: true, force: true }));

/** What a program finds that reads the three files now: which set, or nothing. Fails on any mixture. */
function seen(home: string): 'before' | 'after' | 'nothing' {
  const found = NAMES.filter((name) => existsSync(path.join(home, name)));
  if (found.length === 0) return 'nothing';
  expect(found).toEqual(NAMES);
  const read = (name: string) => readFileSync(path.join(home, name), 'utf8');
  const certificate = new X509Certificate(read(LOGIN_FILES.certificate));
  const publicKey = createPublicKey(createPrivateKey(read(LOGIN_FILES.key)));
  expect(certificate.publicKey.equals(publicKey)).toBe(true);
  const root = new X509Certificate(read(LOGIN_FILES.caCertificate));
  expect(certificate.verify(root.publicKey)).toBe(true);
  return certificate.subject === 'CN=before' ? 'before' : 'after';
}

const filesOf = (home: string) => createLoginFiles(layout(home));

function killedAt(home: string, step: number, work: 'write' | 'remove'): Promise<string> {
  return new Promise((resolve) => {
    const args = ['test/support/die-at-step.mjs', path.join(built, 'write.mjs'), String(step)];
    const child = spawn(process.execPath, [...args, home, work, path.join(built, 'sets.json')]);
    let said = '';
    child.stdout.on('data', (text: Buffer) => (said += text.toString()));
    child.stderr.on('data', (text: Buffer) => (said += text.toString()));
    child.on('close', (_, signal) => resolve(signal ?? said));
  });
}

/** One life for each step, until one of them gets to the end; what was seen after each. */
async function killAtEveryStep(
  prepare: (home: string) => Promise<void> | void,
  work: 'write' | 'remove',
): Promise<string[]> {
  const states: string[] = [];
  for (let step = 1; ; step += 1) {
    const home = tempDir();
    await prepare(home);
    const end = await killedAt(home, step, work);
    states.push(seen(home));
    // The next start: nothing of what was left is in its way, and nothing stays.
    await filesOf(home).write(sets[1]);
    expect(seen(home)).toBe('after');
    expect(readdirSync(path.join(home, 'login-sets'))).toHaveLength(1);
    await filesOf(home).remove();
    expect(readdirSync(home).filter((name) => !name.endsWith('.tmp'))).toEqual([]);
    if (end === 'done') return states;
    expect(end).toBe('SIGKILL');
  }
}

/** As a version without links left them. */
function plainFiles(home: string): void {
  const [{ ca, key, certificate }] = sets;
  writeFileSync(path.join(home, LOGIN_FILES.caCertificate), ca);
  writeFileSync(path.join(home, LOGIN_FILES.key), key);
  writeFileSync(path.join(home, LOGIN_FILES.certificate), certificate);
}

describe('a process that is killed at any step leaves', () => {
  it('the old set or the new one, when it replaces it', async () => {
    const states = await killAtEveryStep((home) => filesOf(home).write(sets[0]), 'write');
    expect(states.length).toBeGreaterThan(20);
    expect(states.join(' ')).toMatch(/^(before )+(after ?)+$/);
  }, 120_000);

  it('nothing or the new set, when it is the first one', async () => {
    const states = await killAtEveryStep(() => {}, 'write');
    expect(states.join(' ')).toMatch(/^(nothing )+(after ?)+$/);
  }, 120_000);

  it('the old set or the new one, when the old one is three plain files', async () => {
    const states = await killAtEveryStep(plainFiles, 'write');
    expect(states.join(' ')).toMatch(/^(before )+(after ?)+$/);
  }, 120_000);

  it('the set or nothing of it, when it takes it away', async () => {
    const states = await killAtEveryStep((home) => filesOf(home).write(sets[0]), 'remove');
    expect(states.join(' ')).toMatch(/^(before )+(nothing ?)+$/);
  }, 120_000);
});

it('that nobody is signed in with are cleared away by the next start', async () => {
  const edge = await startEdge();
  const client = await startClient();
  onTestFinished(() => edge.stop());
  await client.register(await edge.edge.createInvite());
  await client.stop();
  plainFiles(client.home);
  const again = await client.restart();
  onTestFinished(() => again.stop());
  expect(seen(client.home)).toBe('nothing');
});

it('are for their person only, under the names that other programs know', async () => {
  const home = tempDir();
  await filesOf(home).write(sets[0]);
  for (const name of NAMES) expect(statSync(path.join(home, name)).mode & 0o777).toBe(0o600);
  const [set = ''] = readdirSync(path.join(home, 'login-sets'));
  expect(statSync(path.join(home, 'login-sets', set)).mode & 0o777).toBe(0o700);
});

it('are plain files where there are no links, replaced key first', async () => {
  const home = tempDir();
  const files = createLoginFiles(layout(home), 'win32');
  await files.write(sets[0]);
  await files.write(sets[1]);
  expect(seen(home)).toBe('after');
  expect(readdirSync(home).toSorted()).toEqual(NAMES.toSorted());
  await files.remove();
  expect(readdirSync(home)).toEqual([]);
});
