// A client that is killed while it switches: at every step on disk, the next start finds the old organisation or the new one.
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { build } from 'vite';
import { fakeKeychain } from '../fakes/memory-secret-store.ts';
import { startClient } from '../support/start-client.ts';
import { tempDir } from '../support/temp-dir.ts';
import {
  idOf,
  join,
  startTwoOrganisations,
  type TwoOrganisations,
} from '../support/two-organisations.ts';

let both: TwoOrganisations;
let programs: string;
beforeAll(async () => {
  programs = mkdtempSync(path.join(tmpdir(), 'banyan-test-'));
  both = await startTwoOrganisations();
  // Node 20 cannot read TypeScript.
  await build({
    configFile: false,
    logLevel: 'error',
    build: {
      ssr: 'test/support/organisation-switcher.ts',
      target: 'node20',
      outDir: programs,
      emptyOutDir: false,
      rolldownOptions: {
        output: { strictExecutionOrder: true, entryFileNames: 'organisation-switcher.mjs' },
      },
    },
    ssr: { noExternal: true, external: ['keytar'] },
  });
}, 60_000);
afterAll(async () => {
  rmSync(programs, { recursive: true, force: true });
  await both.stop();
});

const FILES = ['login-cacert.pem', 'login-key.pem', 'login-cert.pem'];
const contentOf = (home: string, name: string): string =>
  readFileSync(path.join(home, name), 'utf8');
function runSwitcher(orders: object): Promise<{ signal: string | null; stdout: string }> {
  return new Promise((resolve, reject) => {
    const file = path.join(programs, 'organisation-switcher.mjs');
    const child = execFile(
      process.execPath,
      [file, JSON.stringify(orders)],
      { timeout: 20_000 },
      (error, stdout, stderr) => {
        if (error && child.signalCode !== 'SIGKILL') reject(new Error(stderr));
        else resolve({ signal: child.signalCode, stdout });
      },
    );
  });
}

it('leaves the old organisation or the new one, and never the files of one beside the other', async () => {
  const keychain = fakeKeychain();
  const first = await startClient({ keychain });
  const { alpha, beta } = both;
  await join(first, alpha);
  await join(first, beta);
  await first.stop();
  const keys = Object.fromEntries(
    [...keychain.entries].map(([name, key]) => [name, key.toString('base64')]),
  );

  /** A copy, because each run begins with the same state: Beta active, both signed in. */
  async function killedAt(killAtStep: number) {
    const home = path.join(tempDir(), 'home');
    cpSync(first.home, home, { recursive: true });
    const keysFile = path.join(path.dirname(home), 'keys.json');
    writeFileSync(keysFile, JSON.stringify(keys));
    const run = await runSwitcher({ home, keys: keysFile, to: idOf(alpha), killAtStep });
    return { home, ...run };
  }

  const { stdout } = await killedAt(0);
  const { steps } = JSON.parse(stdout) as { steps: number };
  // Three files removed, the settings and three files and a vault renamed, each with a before and an after.
  expect(steps).toBeGreaterThanOrEqual(16);

  const endedIn = new Set<string>();
  for (let step = 1; step <= steps; step += 1) {
    const { home, signal } = await killedAt(step);
    expect(signal).toBe('SIGKILL');
    const settings = JSON.parse(readFileSync(path.join(home, 'settings.json'), 'utf8')) as {
      activeOrganisation: string;
    };
    const active = settings.activeOrganisation === idOf(alpha) ? alpha : beta;
    endedIn.add(active.edge.organisation);
    for (const name of FILES.filter((each) => existsSync(path.join(home, each)))) {
      const isBetas = contentOf(home, name) === contentOf(first.home, name);
      expect({ name, isBetas }).toEqual({ name, isBetas: active === beta });
    }

    const next = await startClient({ home, keychain });
    onTestFinished(() => next.stop());
    expect(next.slices()).toMatchObject({
      device: { status: 'registered', organisation: { host: active.organisation } },
      session: { status: 'signed-in' },
    });
    expect(contentOf(home, 'login-cacert.pem')).toBe(active.edge.root);
    await next.call('catalog.refresh', {});
    await next.stop();
  }
  expect(endedIn.size).toBe(2);
}, 120_000);
