#!/usr/bin/env node
// Stands in for fpm, which electron-builder would download: a .deb by dpkg-deb, from the options that electron-builder gives.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const LISTS = new Map([
  ['-d', []],
  ['--deb-recommends', []],
]);
const options = new Map();
const files = [];
const given = process.argv.slice(2);
while (given.length > 0) {
  const word = given.shift();
  if (word === '--force') continue;
  if (!word.startsWith('-')) files.push(word);
  else if (LISTS.has(word)) LISTS.get(word).push(given.shift());
  else options.set(word, given.shift());
}
if (options.get('-s') !== 'dir' || options.get('-t') !== 'deb')
  throw new Error('only a folder into a deb');

const root = mkdtempSync(path.join(tmpdir(), 'banyan-test-deb-'));
for (const file of files) {
  const at = file.lastIndexOf('=');
  const to = path.join(root, file.slice(at + 1));
  mkdirSync(path.dirname(to), { recursive: true });
  cpSync(file.slice(0, at), to, { recursive: true, verbatimSymlinks: true });
}
const control = path.join(root, 'DEBIAN');
mkdirSync(control, { mode: 0o755 });
const fields = {
  Package: options.get('--name'),
  Version: options.get('--version'),
  Architecture: options.get('--architecture'),
  Maintainer: options.get('--maintainer'),
  Depends: LISTS.get('-d').join(', '),
  Description: options.get('--description').trim().replaceAll('\n', '\n '),
};
const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\n`);
writeFileSync(path.join(control, 'control'), lines.join(''));
for (const [option, name] of [
  ['--after-install', 'postinst'],
  ['--after-remove', 'postrm'],
]) {
  copyFileSync(options.get(option), path.join(control, name));
  chmodSync(path.join(control, name), 0o755);
}
execFileSync('dpkg-deb', [
  '--root-owner-group',
  '-Zgzip',
  '-z1',
  '--build',
  root,
  options.get('--package'),
]);
rmSync(root, { recursive: true });
