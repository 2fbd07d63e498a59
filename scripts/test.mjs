// `npm test`: everything that this machine can run. What it cannot is listed with the reason, never silently passed.
import path from 'node:path';
import { spawn } from 'node:child_process';
import { check } from './check.mjs';
import { ensureBrowser } from './lib/browser.mjs';
import { ensureBuild, ensurePackages, ROOT } from './lib/prepare.mjs';
import { main, PlainError, seconds } from './lib/steps.mjs';

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
  const projects = ['integration', 'security', 'e2e'].flatMap((name) => ['--project', name]);
  const code = await new Promise((resolve) => {
    const vitest = path.join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
    spawn(process.execPath, [vitest, 'run', ...projects], { cwd: ROOT, env, stdio: 'inherit' }).on(
      'close',
      resolve,
    );
  });
  process.stderr.write(`npm test took ${seconds(performance.now() - startedAt)}.\n`);
  if (code !== 0) throw new PlainError('Some tests failed: see above.');
});
