// Node 20 reads no TypeScript: the stand-in's files are stripped of their types on the way in, by what Vite uses.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const { resolve: find } = createRequire(
  createRequire(import.meta.url).resolve('vite/package.json'),
);
const { transformSync } = await import(pathToFileURL(find('rolldown/utils')).href);

export async function resolve(specifier, context, next) {
  if (specifier !== 'electron' && specifier !== 'electron/main') return next(specifier, context);
  return { url: new URL('electron.ts', import.meta.url).href, shortCircuit: true };
}

export async function load(url, context, next) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return next(url, context);
  const file = fileURLToPath(url);
  const { code } = transformSync(file, await readFile(file, 'utf8'));
  return { format: 'module', source: code, shortCircuit: true };
}
