// Plants one import after the other that a folder may not have, and sees each one caught: a rule that bites nobody
// protects nothing.
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '..', '..');

/** File that imports → what it may not import. */
const FORBIDDEN: [string, string][] = [
  ['src/shared/model/a.ts', 'node:fs'],
  ['src/shared/model/b.ts', '../../proxy/index.ts'],
  ['src/shared/model/c.ts', '../../main/client/index.ts'],
  ['src/shared/model/d.ts', '../../renderer/bridge.ts'],
  ['src/shared/model/e.ts', 'react'],
  ['src/shared/model/f.ts', 'electron'],
  ['src/proxy/a.ts', '../main/client/index.ts'],
  ['src/proxy/b.ts', '../edge/policy/decide.ts'],
  ['src/proxy/c.ts', 'electron'],
  ['src/proxy/d.ts', '../shared/schema.ts'],
  ['src/main/client/access/a.ts', '../../../proxy/tunnel.ts'],
  ['src/main/client/access/b.ts', 'electron'],
  ['src/main/client/access/c.ts', '../../ipc/serve.ts'],
  ['src/main/client/access/d.ts', '../../desktop/tray.ts'],
  ['src/main/client/access/e.ts', 'keytar'],
  ['src/main/client/access/f.ts', 'openid-client'],
  ['src/main/client/access/g.ts', '../../../edge/index.ts'],
  ['src/main/client/adapters/keychain-secret-store.ts', 'openid-client'],
  ['src/main/client/identity/oidc.ts', 'keytar'],
  ['src/main/ipc/a.ts', '../client/identity/oidc.ts'],
  ['src/main/ipc/b.ts', '../../proxy/index.ts'],
  ['src/main/ipc/c.ts', 'electron'],
  ['src/main/desktop/a.ts', '../client/access/tunnels.ts'],
  ['src/main/desktop/b.ts', '../../proxy/index.ts'],
  ['src/main/desktop/c.ts', 'react'],
  ['src/main/web/a.ts', '../client/access/tunnels.ts'],
  ['src/main/web/b.ts', 'electron'],
  ['src/main/run-client.ts', './client/identity/oidc.ts'],
  ['src/main/window-files.ts', 'electron'],
  ['src/main/index.ts', '../edge/index.ts'],
  ['src/main/compose.ts', './client/identity/oidc.ts'],
  ['src/preload/a.ts', '../main/client/index.ts'],
  ['src/preload/b.ts', 'node:fs'],
  ['src/renderer/a.ts', '../main/client/index.ts'],
  ['src/renderer/b.ts', 'electron'],
  ['src/renderer/c.ts', 'node:fs'],
  ['src/renderer/d.ts', '../proxy/index.ts'],
  ['src/renderer/e.ts', '../shared/schema.ts'],
  ['src/preload/c.ts', '../shared/protocol/catalog.ts'],
  ['src/edge/a.ts', '../proxy/index.ts'],
  ['src/edge/b.ts', '../main/client/index.ts'],
  ['src/edge/c.ts', '../renderer/bridge.ts'],
  ['src/edge/d.ts', 'electron'],
  ['src/cli/a.ts', '../proxy/tunnel.ts'],
  ['src/cli/b.ts', '../main/client/identity/oidc.ts'],
  ['src/cli/c.ts', '../edge/index.ts'],
  ['src/cli/d.ts', '../renderer/bridge.ts'],
  ['src/cli/e.ts', '../../test/support/pki.ts'],
];

const ALLOWED: [string, string][] = [
  ['src/edge/ok.ts', '../proxy/net/relay.ts'],
  ['src/main/client/access/ok.ts', '../../../proxy/index.ts'],
  ['src/cli/ok.ts', '../main/client/index.ts'],
  ['src/main/desktop/ok.ts', 'electron'],
];

interface Diagnostic {
  code: string;
  filename: string;
}

let folder: string;
let caught: Diagnostic[];

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'banyan-rules-'));
  await copyFile(path.join(ROOT, '.oxlintrc.json'), path.join(folder, '.oxlintrc.json'));
  for (const [file, target] of [...FORBIDDEN, ...ALLOWED]) {
    // A type-only import counts too: that is how layers leak.
    await plant(file, `import type { x } from '${target}';\nexport type Y = x;\n`);
  }
  await plant(
    'src/shared/cycle-a.ts',
    `import { b } from './cycle-b.ts';\nexport const a = () => b;\n`,
  );
  await plant(
    'src/shared/cycle-b.ts',
    `import { a } from './cycle-a.ts';\nexport const b = () => a;\n`,
  );
  caught = await lint();
}, 30_000);
afterAll(() => rm(folder, { recursive: true }));

async function plant(file: string, text: string): Promise<void> {
  const target = path.join(folder, file);
  await mkdir(path.dirname(target), { recursive: true });
  await writeFile(target, text);
}

function lint(): Promise<Diagnostic[]> {
  const oxlint = path.join(ROOT, 'node_modules', 'oxlint', 'bin', 'oxlint');
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [oxlint, '--format', 'json'], { cwd: folder }, (_error, stdout) => {
      try {
        resolve((JSON.parse(stdout) as { diagnostics: Diagnostic[] }).diagnostics);
      } catch (cause) {
        reject(new Error(`the linter printed no JSON: ${stdout.slice(0, 200)}`, { cause }));
      }
    });
  });
}

const isCaught = (file: string, rule: string) =>
  caught.some(({ code, filename }) => filename.endsWith(file) && code.includes(rule));

describe('folder rules', () => {
  it.each(FORBIDDEN)('%s may not import %s', (file) => {
    expect(isCaught(file, 'no-restricted-imports')).toBe(true);
  });

  it.each(ALLOWED)('%s may import %s', (file) => {
    expect(isCaught(file, 'no-restricted-imports')).toBe(false);
  });

  it('catches an import cycle', () => {
    expect(isCaught('cycle-a.ts', 'no-cycle')).toBe(true);
  });
});
