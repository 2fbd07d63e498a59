// `npm run check`: types, lint, format, unused code, unit and contract tests. Under a minute, or it would not be run.
import path from 'node:path';
import { ensurePackages, ROOT } from './lib/prepare.mjs';
import { main, run, seconds, step } from './lib/steps.mjs';

const tool = (file) => path.join(ROOT, 'node_modules', file);
const node = (file, args) => run(process.execPath, [tool(file), ...args], { cwd: ROOT });

const types = async () => {
  for (const name of ['shared', 'node', 'preload', 'web', 'test']) {
    await node('typescript/bin/tsc', ['-p', `tsconfig.${name}.json`]);
  }
};

export async function check() {
  await step('Types, lint and folder rules, format, unused code', () =>
    Promise.all([
      types(),
      node('oxlint/bin/oxlint', ['--type-aware', '--deny-warnings']),
      node('prettier/bin/prettier.cjs', ['--check', '--log-level', 'warn', '.']),
      node('knip/bin/knip.js', ['--no-progress']),
    ]),
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
