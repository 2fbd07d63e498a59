// `npm test`: everything that this machine can run. What it cannot is listed with the reason, never silently passed.
import path from 'node:path';
import { spawn } from 'node:child_process';
import { check } from './check.mjs';
import { ensureBrowser } from './lib/browser.mjs';
import { ensureElectronNode } from './lib/electron-node.mjs';
import { ensureBuild, ensurePackages, ROOT } from './lib/prepare.mjs';
import { main, PlainError, seconds } from './lib/steps.mjs';

/** Where Node's majors differ for the engine and the Access Tier: streams, HTTP/2, handles, TLS and what it leaves in memory. */
const ON_BOTH_NODES = [
  'proxy-data-path',
  'proxy-data-ends',
  'proxy-upstream',
  'proxy-worker',
  'edge-access-tier',
  'edge-http2-connect',
  'edge-memory',
];

await main(async () => {
  const startedAt = performance.now();
  await ensurePackages();
  await check();
  await ensureBuild();
  const browser = await ensureBrowser();
  const env = {
    ...process.env,
    ...('path' in browser
      ? { BANYAN_CHROMIUM: browser.path }
      : { BANYAN_NO_CHROMIUM: browser.missing }),
  };
  const vitest = (node, args) =>
    new Promise((resolve) => {
      const program = path.join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
      const options = { cwd: ROOT, env, stdio: 'inherit' };
      spawn(node, [program, 'run', ...args], options).on('close', resolve);
    });
  const projects = ['integration', 'security', 'e2e'].flatMap((name) => ['--project', name]);
  const codes = [await vitest(process.execPath, projects)];
  const electronNode = await otherNode();
  if (electronNode) {
    process.stderr.write('Engine and Access Tier once more, on the Node that Electron embeds:\n');
    codes.push(await vitest(electronNode, ['--project', 'integration', ...ON_BOTH_NODES]));
  }
  process.stderr.write(`npm test took ${seconds(performance.now() - startedAt)}.\n`);
  if (codes.some((code) => code !== 0)) throw new PlainError('Some tests failed: see above.');
});

/** null: this one is it, or it cannot be had here, which is told. */
async function otherNode() {
  if (process.platform !== 'linux') return null;
  try {
    const node = await ensureElectronNode();
    return node === process.execPath ? null : node;
  } catch (error) {
    process.stderr.write(`Not run on the Node that Electron embeds: ${error.message}\n`);
    return null;
  }
}
