// The worker of the engine as one file of JavaScript: Node 20's threads cannot read TypeScript.
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'vite';

/** `more`: JavaScript that runs in the worker beside the engine, for faults that no engine has by itself. */
export async function buildEngineWorker(more = ''): Promise<{ file: string; remove: () => void }> {
  const outDir = mkdtempSync(path.join(tmpdir(), 'banyan-test-'));
  await build({
    configFile: false,
    logLevel: 'error',
    build: {
      ssr: 'src/proxy/worker/entry.ts',
      target: 'node20',
      outDir,
      emptyOutDir: false,
      rolldownOptions: { output: { entryFileNames: 'engine-worker.mjs' } },
    },
    ssr: { noExternal: true },
  });
  const file = path.join(outDir, 'engine-worker.mjs');
  appendFileSync(file, more);
  return {
    file,
    remove: () => rmSync(outDir, { recursive: true, force: true }),
  };
}
