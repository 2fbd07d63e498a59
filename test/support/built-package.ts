// The packages of Linux, built by electron-builder itself. What it would download stands in: Electron's folder, which is a
// script with the places of the fuses, and fpm.
import { execFile } from 'node:child_process';
import {
  copyFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const ROOT = path.resolve(import.meta.dirname, '..', '..');
const execute = promisify(execFile);
const builder = createRequire(
  createRequire(import.meta.url).resolve('electron-builder/package.json'),
);
// Dependencies of electron-builder, in the versions that it uses.
const library = createRequire(builder.resolve('app-builder-lib/package.json'));
export const asar = library('@electron/asar') as {
  createPackage(folder: string, file: string): Promise<void>;
  listPackage(file: string, options: { isPack: boolean }): string[];
  extractFile(file: string, name: string): Buffer;
};
export const fuses = library('@electron/fuses') as {
  getCurrentFuseWire(program: string): Promise<Record<string, number | string>>;
  FuseV1Options: Record<string, number>;
};

export interface BuiltPackage {
  folder: string;
  /** As it is packed. */
  unpacked: string;
  resources: string;
  deb: string;
  /** What the deb puts into the root of a system. */
  installed: string;
}

export async function buildPackage(): Promise<BuiltPackage> {
  const folder = mkdtempSync(path.join(tmpdir(), 'banyan-package-'));
  const electron = await standInElectron(path.join(folder, 'electron'));
  const tools = path.join(folder, 'tools');
  mkdirSync(tools);
  copyFileSync(path.join(import.meta.dirname, 'fpm.mjs'), path.join(tools, 'fpm'));
  chmodSync(path.join(tools, 'fpm'), 0o755);
  // As the module that it is, whatever it is called there.
  writeFileSync(path.join(tools, 'package.json'), '{ "type": "module" }');
  const output = path.join(folder, 'dist');
  const set = [`electronDist=${electron}`, `directories.output=${output}`, 'npmRebuild=false'];
  await execute(
    process.execPath,
    [
      path.join(ROOT, 'node_modules', 'electron-builder', 'cli.js'),
      '--linux',
      'deb',
      '--publish',
      'never',
      ...set.map((each) => `-c.${each}`),
    ],
    {
      cwd: ROOT,
      env: {
        ...process.env,
        USE_SYSTEM_FPM: 'true',
        PATH: `${tools}${path.delimiter}${process.env['PATH'] ?? ''}`,
      },
    },
  );
  const unpacked = path.join(output, 'linux-unpacked');
  const deb = readdirSync(output).find((name) => name.endsWith('.deb')) ?? '';
  const installed = path.join(folder, 'installed');
  await execute('dpkg-deb', ['-x', path.join(output, deb), installed]);
  return {
    folder,
    unpacked,
    resources: path.join(unpacked, 'resources'),
    deb: path.join(output, deb),
    installed,
  };
}

async function standInElectron(folder: string): Promise<string> {
  mkdirSync(path.join(folder, 'locales'), { recursive: true });
  mkdirSync(path.join(folder, 'resources'));
  // Sentinel, version, number of fuses, and how each is when Electron leaves its makers.
  const wire = `dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX\u0001\u0009010011010`;
  writeFileSync(path.join(folder, 'electron'), `#!/bin/sh\nexit 0\n# ${wire}\n`, { mode: 0o755 });
  for (const name of ['version', 'LICENSE', 'LICENSES.chromium.html', 'locales/en-US.pak']) {
    writeFileSync(path.join(folder, name), '');
  }
  const empty = path.join(folder, 'empty');
  mkdirSync(empty);
  await asar.createPackage(empty, path.join(folder, 'resources', 'default_app.asar'));
  return folder;
}

export const mayMount = (): Promise<boolean> =>
  execute('unshare', ['-rm', 'true']).then(
    () => true,
    () => false,
  );

/** Runs it where the deb is installed: its `/opt` is there, its `/usr/bin` on the PATH, and no Node is. */
export async function runInstalled(
  { folder, installed }: BuiltPackage,
  command: readonly string[],
): Promise<{ code: number; stdout: string; stderr: string }> {
  const tools = path.join(folder, 'no-node');
  mkdirSync(tools, { recursive: true });
  for (const tool of ['sh', 'readlink', 'dirname']) {
    const link = path.join(tools, tool);
    if (!readdirSync(tools).includes(tool)) symlinkSync(`/bin/${tool}`, link);
  }
  const PATH = `${path.join(installed, 'usr', 'bin')}:${tools}`;
  const env = { PATH, HOME: path.join(folder, 'home'), BANYAN_HOME: path.join(folder, 'home') };
  const mount = 'mount --bind "$1" /opt; shift; exec env -i "$@"';
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  try {
    const done = await execute('unshare', [
      '-rm',
      'sh',
      '-ec',
      mount,
      'sh',
      path.join(installed, 'opt'),
      ...variables,
      ...command,
    ]);
    return { code: 0, ...done };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, stdout, stderr };
  }
}

/** A system of few programs and the libraries of this one, in which dpkg installs the deb, and takes it out again. */
const SYSTEM = `
root=$1 deb=$2
cd "$root"
mkdir -p usr/bin usr/lib usr/lib64 usr/share opt etc dev tmp var/lib/dpkg/info var/lib/dpkg/updates
for name in bin lib lib64; do ln -s usr/$name $name; done
touch var/lib/dpkg/status dev/null
for tool in bash sh ln rm chmod cp readlink dirname; do cp "$(command -v $tool)" usr/bin; done
mount --rbind /usr/lib usr/lib
mount --rbind /usr/lib64 usr/lib64
everything() { find . -path ./usr/lib -prune -o -path ./usr/lib64 -prune -o -path ./var/lib/dpkg -prune -o ! -type d -print | sort; }
notes=var/lib/dpkg
everything > $notes/before
dpkg --root="$root" --force-depends --install "$deb" > $notes/said 2>&1 || { cat $notes/said; exit 1; }
echo "installed: $(ls usr/bin | grep banyan | tr '\\n' ' ')"
chroot=$(command -v chroot)
for name in banyan banyanproxy; do env -i PATH=/usr/bin HOME=/tmp "$chroot" . $name --version; done
dpkg --root="$root" --remove banyan-app >> $notes/said 2>&1 || { cat $notes/said; exit 1; }
everything | diff $notes/before - || true
`;

/** What that says. */
export async function installAndRemove({ folder, deb }: BuiltPackage): Promise<string> {
  const root = path.join(folder, 'system');
  mkdirSync(root);
  const { stdout } = await execute('unshare', ['-rm', 'sh', '-euc', SYSTEM, 'sh', root, deb]);
  return stdout;
}
