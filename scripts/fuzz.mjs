// `npm run fuzz -- [--seconds 30] [--seed N]`: spoils what sockets bring to the engine's parsers, until something does not
// hold that must hold for any bytes. No native fuzzer: see test/fuzz.
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ensurePackages, ROOT } from './lib/prepare.mjs';
import { main, PlainError } from './lib/steps.mjs';

const load = async (file) => {
  const { runnerImport } = await import('vite');
  const { module } = await runnerImport(path.join(ROOT, 'test', 'fuzz', file), {
    configFile: false,
    root: ROOT,
    logLevel: 'error',
  });
  return module;
};

await main(async () => {
  const { values } = parseArgs({
    options: { seconds: { type: 'string', default: '30' }, seed: { type: 'string' } },
  });
  const seconds = Number(values.seconds);
  const seed = Number(values.seed ?? Date.now() % 1_000_000);
  if (!(seconds > 0) || !Number.isSafeInteger(seed)) {
    throw new PlainError('Usage: npm run fuzz -- [--seconds 30] [--seed 1]');
  }
  await ensurePackages();
  const { fuzz } = await load('fuzz.ts');
  const { TARGETS } = await load('targets.ts');
  console.log(`seed ${seed}, ${seconds} s`);
  const { runs, finding } = await fuzz(TARGETS, { seed, seconds });
  if (!finding) {
    console.log(`${runs} inputs, nothing found`);
    return 0;
  }
  console.log(`${finding.target} fails (seed ${seed}, input ${runs}):`);
  console.log(`  ${JSON.stringify(finding.bytes.toString('latin1'))}`);
  console.log(`  hex ${finding.bytes.toString('hex')}`);
  console.log(finding.error.stack);
  return 1;
});
