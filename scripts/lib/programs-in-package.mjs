// The terminal programs as a package carries them: what Vite has built, a Node to run it (decision 19), and how to start it.
import { chmod, copyFile, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ROOT } from './prepare.mjs';
import { PlainError } from './steps.mjs';

const PROGRAMS = ['banyan', 'banyanproxy'];
const BUILT = path.join(ROOT, 'out', 'bin');
/** Native, and found by the programs beside themselves: those in the app's archive are out of Node's reach. */
const NATIVE = [
  'keytar/package.json',
  'keytar/lib',
  'keytar/build/Release/keytar.node',
  'koffi/package.json',
  'koffi/index.js',
  'koffi/src/koffi/index.js',
  'koffi/src/koffi/src/static.js',
];

/** Follows links, and needs only what every system of that kind has. Options of another Node are not for this one. */
const UNIX = (script) => `#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
unset NODE_OPTIONS
exec "$here/node" "$here/${script}.js" "$@"
`;
const WINDOWS = (script) =>
  `@echo off\r\nsetlocal\r\nset NODE_OPTIONS=\r\n"%~dp0node.exe" "%~dp0${script}.js" %*\r\n`;

/**
 * @param {string} resources of the package
 * @param {{ platform: 'linux' | 'darwin' | 'win32', arch: string, node: string }} options `node`: the program, of that platform
 */
export async function putPrograms(resources, { platform, arch, node }) {
  const bin = path.join(resources, 'bin');
  await mkdir(path.join(bin, 'chunks'), { recursive: true });
  for (const file of await reachable(['banyan.js', 'banyanproxy.js', 'engine-worker.js'])) {
    await copyFile(path.join(BUILT, file), path.join(bin, file));
  }
  // Beside the scripts: they are modules because of it.
  await writeFile(path.join(bin, 'package.json'), '{ "type": "module" }\n');
  // What `banyan ui` shows.
  await cp(path.join(ROOT, 'out', 'renderer'), path.join(resources, 'renderer'), {
    recursive: true,
  });
  const program = path.join(bin, platform === 'win32' ? 'node.exe' : 'node');
  await copyFile(node, program);
  await chmod(program, 0o755);
  for (const name of PROGRAMS) {
    if (platform === 'win32') await writeFile(path.join(bin, `${name}.cmd`), WINDOWS(name));
    else await writeFile(path.join(bin, name), UNIX(name), { mode: 0o755 });
  }
  await putNative(bin, platform === 'linux' ? [...NATIVE, ...koffiFor(arch)] : NATIVE);
}

const koffiFor = (arch) => {
  const folder = `@koromix/koffi-linux-${arch}`;
  return [`${folder}/package.json`, `${folder}/index.js`, `${folder}/linux_${arch}/koffi.node`];
};

/** Both are optional: without one of them the programs say so where it matters. */
async function putNative(bin, files) {
  for (const file of files) {
    const from = path.join(ROOT, 'node_modules', file);
    const to = path.join(bin, 'node_modules', file);
    await mkdir(path.dirname(to), { recursive: true });
    await cp(from, to, { recursive: true }).catch((error) => {
      if (error.code !== 'ENOENT') throw error;
      console.warn(`without ${file}: it is not installed here`);
    });
  }
}

/** Those of libraries name files of their own. */
const COMMENT = /^\s*(?:\*|\/\/|\/\*).*$/gm;
const IMPORT = /\b(?:from|import)\s*\(?\s*["'](\.{1,2}\/[\w./-]+\.js)["']/g;

/** What these files import, and what that imports: the edge is built into the same folder, and is not for packages. */
async function reachable(entries) {
  const found = new Set(entries);
  for (const file of found) {
    const text = await readFile(path.join(BUILT, file), 'utf8');
    for (const [, name] of text.replaceAll(COMMENT, '').matchAll(IMPORT)) {
      found.add(path.normalize(path.join(path.dirname(file), name)));
    }
  }
  return found;
}

/** As some distributions build it: alone it runs nowhere. */
export const isInPieces = process.config.variables['node_shared'] === true;

/** The Node that goes into a package: this one, or for another system that of `BANYAN_NODE_<PLATFORM>_<ARCH>`. */
export function nodeFor(platform, arch) {
  const name = `BANYAN_NODE_${platform.toUpperCase()}_${arch.toUpperCase()}`;
  const given = process.env[name];
  if (given) return given;
  if (platform === process.platform && arch === process.arch) {
    if (isInPieces)
      throw new PlainError(
        `The Node that runs needs libraries of this system: set ${name} to one that does not.`,
      );
    return process.execPath;
  }
  throw new PlainError(
    `A package for ${platform} ${arch} needs a Node of that kind: set ${name} to it.`,
  );
}
