// The licences of everything of others that a package carries, as one text.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './prepare.mjs';
import { PlainError } from './steps.mjs';

/** What the app and its terminal programs are made from; the edge is in no package. */
const SOURCES = ['main', 'proxy', 'shared', 'cli', 'renderer', 'preload'];
const IMPORT = /(?:from|import)\s*\(?\s*'((?:@[\w-]+\/)?[\w][\w.-]*)(?:\/[^']*)?'/g;
/** Their own only fetch and build them. */
const NATIVE = new Set(['keytar', 'koffi']);
const LICENCE = /^(licen[cs]e|copying|notice)/i;

/** @param {string} node the Node that goes into the package */
export function thirdPartyNotices(node) {
  const lock = JSON.parse(readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8')).packages;
  const names = withDependencies(importedPackages(), lock).toSorted((one, other) =>
    one.localeCompare(other),
  );
  const parts = names.map((name) => notice(name));
  return `${[
    'Banyan contains the following software of others, under the licences that follow.',
    'Electron and Chromium: see LICENSE.electron.txt and LICENSES.chromium.html beside the program.',
    ...parts,
    `Node.js\n\n${nodeLicence(node)}`,
  ].join(`\n\n${'-'.repeat(78)}\n\n`)}\n`;
}

function importedPackages() {
  const found = new Set();
  for (const folder of SOURCES) {
    const root = path.join(ROOT, 'src', folder);
    for (const file of readdirSync(root, { recursive: true })) {
      if (!/\.tsx?$/.test(file)) continue;
      for (const [, name] of readFileSync(path.join(root, file), 'utf8').matchAll(IMPORT)) {
        if (existsSync(path.join(ROOT, 'node_modules', name))) found.add(name);
      }
    }
  }
  found.delete('electron'); // brings its own
  return found;
}

function withDependencies(names, lock) {
  const all = new Set(names);
  for (const name of all) {
    const { dependencies = {} } = NATIVE.has(name) ? {} : (lock[`node_modules/${name}`] ?? {});
    for (const each of Object.keys(dependencies)) all.add(each);
  }
  // Types are no code, and what installs prebuilt files stays at home.
  return [...all].filter((name) => !name.startsWith('@types/') && isInstalled(name));
}

const isInstalled = (name) => existsSync(path.join(ROOT, 'node_modules', name, 'package.json'));

function notice(name) {
  const folder = path.join(ROOT, 'node_modules', name);
  const { version, license } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  const texts = readdirSync(folder)
    .filter((file) => LICENCE.test(file))
    .map((file) => readFileSync(path.join(folder, file), 'utf8').trim());
  return [`${name} ${version} (${license})`, ...texts].join('\n\n');
}

/** Beside the program where it was unpacked, among the documents where a package manager has installed it. */
function nodeLicence(node) {
  const prefix = path.dirname(path.dirname(node));
  const places = [
    path.join(path.dirname(node), 'LICENSE'),
    path.join(prefix, 'LICENSE'),
    path.join(prefix, 'share', 'doc', 'nodejs', 'LICENSE'),
    path.join(prefix, 'share', 'licenses', 'nodejs', 'LICENSE'),
  ];
  const file = places.find((each) => existsSync(each));
  if (!file) throw new PlainError(`The licence of ${node} is not found: it has to be beside it.`);
  return readFileSync(file, 'utf8').trim();
}
