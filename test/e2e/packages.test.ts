// What a package holds, and that its terminal programs run where no Node is.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ensureBuild } from '../../scripts/lib/prepare.mjs';
import { isInPieces } from '../../scripts/lib/programs-in-package.mjs';
import {
  asar,
  buildPackage,
  type BuiltPackage,
  fuses,
  installAndRemove,
  mayMount,
  runInstalled,
} from '../support/built-package.ts';

const ROOT = path.resolve(import.meta.dirname, '..', '..');
const MB = 1024 * 1024;
/** As they stand in the program: the digits. */
const [DISABLE, ENABLE] = [48, 49];
const isLinux = process.platform === 'linux';
let built: BuiltPackage;

beforeAll(async () => {
  if (!isLinux || isInPieces) return;
  await ensureBuild();
  built = await buildPackage();
}, 180_000);
afterAll(() => {
  if (isLinux && !isInPieces) rmSync(built.folder, { recursive: true, force: true });
});

beforeEach((ctx) => {
  if (!isLinux) ctx.skip('packages of Linux are built on Linux');
  if (isInPieces)
    ctx.skip('the Node of this system needs its libraries, so no package can carry it');
});

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
const sizeOf = (files: readonly string[]): number =>
  files.reduce((sum, file) => sum + statSync(file).size, 0);

describe('a package of Linux', () => {
  it('holds what runs, and neither the edge nor what the makers need', () => {
    const archive = path.join(built.resources, 'app.asar');
    const names = asar.listPackage(archive, { isPack: false });
    const top = new Set(names.map((name) => name.split('/')[1] ?? ''));
    expect(top).toEqual(new Set(['assets', 'node_modules', 'out', 'package.json']));
    const scripts = [
      ...names
        .filter((name) => /^\/out\/.*\.c?js$/.test(name))
        .map((name) => asar.extractFile(archive, name.slice(1)).toString()),
      ...filesIn(path.join(built.resources, 'bin'))
        .filter((file) => file.endsWith('.js'))
        .map((file) => readFileSync(file, 'utf8')),
    ];
    // Words that stand in the edge alone; in what is built, or this would prove nothing.
    for (const word of ['audit.jsonl', 'deviceCertificates']) {
      const everything = filesIn(path.join(ROOT, 'out', 'bin')).map((file) =>
        readFileSync(file, 'utf8'),
      );
      expect(
        everything.some((text) => text.includes(word)),
        word,
      ).toBe(true);
      expect(
        scripts.filter((text) => text.includes(word)),
        word,
      ).toEqual([]);
    }
    const all = [...names, ...filesIn(built.unpacked)];
    expect(
      all.filter((name) => /\.(map|tsx?|tsbuildinfo)$|\/test\/|banyan-edge/.test(name)),
    ).toEqual([]);
  });

  it('has the doors closed that lead around the app', async () => {
    const wire = await fuses.getCurrentFuseWire(path.join(built.unpacked, 'banyan-app'));
    const state = (name: string): unknown => wire[String(fuses.FuseV1Options[name])];
    expect({
      runAsNode: state('RunAsNode'),
      nodeOptions: state('EnableNodeOptionsEnvironmentVariable'),
      inspect: state('EnableNodeCliInspectArguments'),
      integrity: state('EnableEmbeddedAsarIntegrityValidation'),
      onlyAsar: state('OnlyLoadAppFromAsar'),
      cookies: state('EnableCookieEncryption'),
    }).toEqual({
      runAsNode: DISABLE,
      nodeOptions: DISABLE,
      inspect: DISABLE,
      integrity: ENABLE,
      onlyAsar: ENABLE,
      cookies: ENABLE,
    });
  });

  it('opens links of ours, and has an icon of every size', () => {
    const share = path.join(built.installed, 'usr', 'share');
    const entry = readFileSync(path.join(share, 'applications', 'banyan-app.desktop'), 'utf8');
    expect(entry).toMatch(/^MimeType=x-scheme-handler\/banyan;$/m);
    expect(entry).toMatch(/^Exec=\/opt\/Banyan\/banyan-app %U$/m);
    expect(entry).toMatch(/^Categories=Network;$/m);
    const icons = path.join(share, 'icons', 'hicolor');
    expect(readdirSync(icons).toSorted()).toEqual(
      [16, 24, 32, 48, 64, 128, 256, 512, 1024].map((size) => `${size}x${size}`).toSorted(),
    );
  });

  it('carries the licences of all that is in it', () => {
    const notices = readFileSync(path.join(built.resources, 'THIRD-PARTY-NOTICES.txt'), 'utf8');
    for (const name of ['react', 'undici', 'electron-updater', 'koffi', 'openid-client', 'zod']) {
      expect(notices, name).toMatch(new RegExp(`^${name} \\d`, 'm'));
    }
    expect(notices).toContain('Node.js is licensed for use as follows');
    expect(notices).not.toContain('oidc-provider');
    expect(readFileSync(path.join(built.resources, 'LICENSE.txt'), 'utf8')).toContain(
      'Apache License',
    );
  });

  it('finds newer versions with what was bundled of electron-updater', () => {
    const support = path.join(ROOT, 'test', 'support', 'load-updater.mjs');
    const hooks = path.join(ROOT, 'test', 'electron-host', 'register.mjs');
    const chunks = path.join(ROOT, 'out', 'main', 'chunks');
    const told = execFileSync(
      process.execPath,
      ['--import', hooks, support, chunks, built.folder],
      // What is evaluated beside it must not find the person's own folder.
      { encoding: 'utf8', env: { ...process.env, BANYAN_HOME: path.join(built.folder, 'home') } },
    );
    expect(told).toBe('true 0.2.0\n');
  });

  it('is no larger than what it needs, beside Electron', () => {
    const bin = path.join(built.resources, 'bin');
    const programs = filesIn(bin).filter((file) => path.basename(file) !== 'node');
    expect(sizeOf(programs)).toBeLessThan(8 * MB);
    expect(statSync(path.join(bin, 'node')).size).toBeLessThan(130 * MB);
    expect(statSync(path.join(built.resources, 'app.asar')).size).toBeLessThan(8 * MB);
    expect(sizeOf(filesIn(path.join(built.resources, 'renderer')))).toBeLessThan(3 * MB);
  });

  it('knows how it was installed, so that it does not replace itself', () => {
    expect(readFileSync(path.join(built.resources, 'package-type'), 'utf8')).toBe('deb');
  });

  it('comes with a list of versions that can be signed', () => {
    const list = readFileSync(path.join(path.dirname(built.deb), 'latest-linux.yml'), 'utf8');
    expect(list).toContain(`url: ${path.basename(built.deb)}`);
  });
});

describe('the terminal programs of a deb, without any Node', () => {
  beforeEach(async (ctx) => {
    if (!(await mayMount()))
      ctx.skip('this system lets nobody mount anything for a process of her own');
  });

  it('are on the PATH, as files of the package', () => {
    for (const name of ['banyan', 'banyanproxy']) {
      const file = path.join(built.installed, 'usr', 'bin', name);
      expect(statSync(file).mode & 0o111).toBe(0o111);
    }
    expect(existsSync(path.join(built.installed, 'usr', 'bin', 'node'))).toBe(false);
  });

  it('are there once dpkg has installed it, and gone with everything else once it has removed it', async () => {
    const said = await installAndRemove(built);
    expect(said).toMatch(
      /^installed: banyan banyan-app banyanproxy \nbanyan \d+\.\d+\.\d+\nbanyanproxy \d+\.\d+\.\d+\n$/,
    );
  });

  it.each([
    [['banyan', '--version'], 0, /^banyan \d+\.\d+\.\d+\n$/],
    [['banyan', 'status'], 0, /not registered/],
    [['banyanproxy', '--version'], 0, /^banyanproxy \d/],
    [['banyanproxy', '--help'], 0, /--connect-to/],
    [['banyan', 'nonsense'], 2, /^$/],
  ])('%s', async (command, code, words) => {
    const noNode = await runInstalled(built, ['sh', '-c', 'command -v node']);
    expect(noNode).toMatchObject({ code: 127, stdout: '' });
    const ran = await runInstalled(built, command);
    expect(ran).toMatchObject({ code });
    expect(ran.stdout).toMatch(words);
  });

  it('find the part of theirs that speaks to the system', async () => {
    const script = "import('koffi').then(({ version }) => console.log(version))";
    const bin = '/opt/Banyan/resources/bin';
    const ran = await runInstalled(built, ['sh', '-c', `cd ${bin} && ./node -e "${script}"`]);
    expect(ran.stdout).toMatch(/^\d+\.\d+/);
  });
});
