// `npm run check`: types, lint, format, unused code, unit and contract tests. Under a minute, or it would not be run.
import path from 'node:path';
import { ensurePackages, ROOT } from './lib/prepare.mjs';
import { main, run, seconds, step } from './lib/steps.mjs';

const tool = (file) => path.join(ROOT, 'node_modules', file);
const node = (file, args) => run(process.execPath, [tool(file), ...args], { cwd: ROOT });

export async function check() {
  await step('Types', async () => {
    for (const name of ['shared', 'node', 'preload', 'web', 'test']) {
      await node('typescript/bin/tsc', ['-p', `tsconfig.${name}.json`]);
    }
  });
  await step('Lint and folder rules', () =>
    node('oxlint/bin/oxlint', ['--type-aware', '--deny-warnings']),
  );
  await step('Format', () =>
    node('prettier/bin/prettier.cjs', ['--check', '--log-level', 'warn', '.']),
  );
  await step('Unused files, exports and packages', () =>
    node('knip/bin/knip.js', ['--no-progress']),
  );
  await step('Unit and contract tests', () =>
    node('vitest/vitest.mjs', ['run', '--project', 'unit', '--project', 'contract']),
  );
}

if (import.meta.filename === process.argv[1]) {
  await main(async () => {
    const startedAt = performance.now();
    await ensurePackages();
    await check();
    process.stderr.write(`All good, ${seconds(performance.now() - startedAt)}.\n`);
  });
}
