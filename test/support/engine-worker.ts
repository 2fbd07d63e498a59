// The worker of the engine as one file of JavaScript: Node 20's threads cannot read TypeScript.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'vite';

export async function buildEngineWorker(): Promise<{ file: string; remove: () => void }> {
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
  return {
    file: path.join(outDir, 'engine-worker.mjs'),
    remove: () => rmSync(outDir, { recursive: true, force: true }),
  };
}
