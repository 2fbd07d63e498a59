// electron-builder.yml against electron-builder's own schema, and the promises it makes.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '..', '..');
// Its schema is not part of what electron-builder exports: reached by path, so the version stays pinned.
const builder = createRequire(
  createRequire(import.meta.url).resolve('electron-builder/package.json'),
);
const config = builder('app-builder-lib/out/util/config/config') as {
  validateConfiguration(configuration: object, log: object): Promise<void>;
};
const { DebugLogger } = builder('builder-util') as { DebugLogger: new (on: boolean) => object };
const yaml = builder('js-yaml') as { load(text: string): Configuration };

interface Configuration {
  files: string[];
  protocols: { schemes: string[] }[];
  electronFuses: Record<string, boolean>;
  afterPack: string;
  afterSign: string;
  publish: { url: string };
  linux: { target: string[]; icon: string };
  mac: { target: { target: string; arch: string[] }[]; icon: string; artifactName: string };
  win: { target: string[]; icon: string };
  deb: { fpm: string[] };
  rpm: { fpm: string[] };
  nsis: { include: string; artifactName: string };
  msi: { artifactName: string };
  appImage: { artifactName: string };
}

const configuration = yaml.load(readFileSync(path.join(ROOT, 'electron-builder.yml'), 'utf8'));
const validate = (value: object): Promise<void> =>
  config.validateConfiguration(value, new DebugLogger(false));

describe('electron-builder.yml', () => {
  it('is what electron-builder accepts', async () => {
    await validate(configuration);
    await expect(validate({ ...configuration, tragets: [] })).rejects.toThrow('tragets');
  });

  it('closes the doors that lead around the app', () => {
    expect(configuration.electronFuses).toEqual({
      runAsNode: false,
      enableCookieEncryption: true,
      enableNodeOptionsEnvironmentVariable: false,
      enableNodeCliInspectArguments: false,
      enableEmbeddedAsarIntegrityValidation: true,
      onlyLoadAppFromAsar: true,
      grantFileProtocolExtraPrivileges: false,
    });
  });

  it('builds every kind of package, for every kind of computer', () => {
    const { linux, mac, win } = configuration;
    expect(linux.target).toEqual(['deb', 'rpm', 'AppImage']);
    expect(mac.target).toEqual([
      { target: 'dmg', arch: ['x64', 'arm64'] },
      { target: 'zip', arch: ['x64', 'arm64'] },
    ]);
    expect(win.target).toEqual(['nsis', 'msi']);
  });

  it('names no place that exists, so that only a release can say where newer versions are', () => {
    expect(new URL(configuration.publish.url).hostname).toMatch(/\.invalid$/);
    const { updates } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
      updates: unknown;
    };
    expect(updates).toEqual({ feed: '', key: '' });
  });

  it('puts the terminal programs on the PATH by files of the package', () => {
    const files = ['banyan', 'banyanproxy'].map((name) => `assets/linux/${name}=/usr/bin/${name}`);
    expect([configuration.deb.fpm, configuration.rpm.fpm]).toEqual([files, files]);
    for (const file of files) {
      const [source = ''] = file.split('=');
      expect(statSync(path.join(ROOT, source)).mode & 0o111, source).toBe(0o111);
    }
  });

  it('has icons in the forms of each system', () => {
    const start = (file: string): string =>
      readFileSync(path.join(ROOT, file)).toString('latin1', 0, 4);
    expect(start(configuration.mac.icon)).toBe('icns');
    expect(start(configuration.win.icon)).toBe('\u0000\u0000\u0001\u0000');
    expect(existsSync(path.join(ROOT, configuration.linux.icon, '512x512.png'))).toBe(true);
  });

  it('gives packages names that survive every place where releases are put', () => {
    const { mac, nsis, msi, appImage } = configuration;
    for (const { artifactName } of [mac, nsis, msi, appImage]) {
      expect(artifactName).toMatch(/^Banyan[\w.${}-]*$/);
    }
    // What starts it is the same file after an update.
    expect(appImage.artifactName).not.toContain('version');
  });

  it('calls hooks that are there', () => {
    for (const hook of [
      configuration.afterPack,
      configuration.afterSign,
      configuration.nsis.include,
    ]) {
      expect(existsSync(path.join(ROOT, hook)), hook).toBe(true);
    }
  });

  it('claims invites and no other links', () => {
    expect(configuration.protocols.flatMap(({ schemes }) => schemes)).toEqual(['banyan']);
  });

  it('packs what the app loads, and neither the edge nor the terminal programs in its archive', () => {
    expect(configuration.files).toEqual([
      'out/main/**',
      'out/preload/**',
      'out/renderer/**',
      'assets/*.png',
      'package.json',
      '!node_modules/**',
      'node_modules/keytar/package.json',
      'node_modules/keytar/lib/*.js',
      'node_modules/keytar/build/Release/keytar.node',
      'node_modules/koffi/package.json',
      'node_modules/koffi/index.js',
      'node_modules/koffi/src/koffi/index.js',
      'node_modules/koffi/src/koffi/src/static.js',
      'node_modules/@koromix/koffi-linux-*/package.json',
      'node_modules/@koromix/koffi-linux-*/index.js',
      'node_modules/@koromix/koffi-linux-*/linux_*/koffi.node',
    ]);
  });
});

describe('the release workflow', () => {
  const file = path.join(ROOT, '.github', 'workflows', 'release.yml');
  const workflow = yaml.load(readFileSync(file, 'utf8')) as unknown as {
    jobs: Record<string, { steps: { run?: string; with?: { path?: string } }[] }>;
  };
  const steps = Object.values(workflow.jobs).flatMap(({ steps }) => steps);
  const runs = steps.flatMap(({ run }) => run ?? []).join('\n');

  it('runs scripts that are there', () => {
    const scripts = [...runs.matchAll(/node (scripts\/\S+)/g)].map(([, script = '']) => script);
    expect(scripts).toEqual(['scripts/sign-feed.mjs']);
    for (const script of scripts) expect(existsSync(path.join(ROOT, script)), script).toBe(true);
    const { scripts: known } = JSON.parse(
      readFileSync(path.join(ROOT, 'package.json'), 'utf8'),
    ) as { scripts: Record<string, string> };
    for (const [, name = ''] of runs.matchAll(/npm run ([\w-]+)/g))
      expect(known).toHaveProperty(name);
  });

  it('keeps every kind of package, and the lists', () => {
    const kept = steps.flatMap((step) => step.with?.path?.match(/dist\/\S+/g) ?? []);
    const { linux, mac, win } = configuration;
    const kinds = [...linux.target, ...mac.target.map(({ target }) => target), ...win.target];
    const ending = (kind: string): string => (kind === 'nsis' ? 'exe' : kind);
    expect(new Set(kept)).toEqual(
      new Set([...kinds.map((kind) => `dist/*.${ending(kind)}`), 'dist/latest*.yml']),
    );
  });

  it('sets what the app asks at and whom it believes before it is built', () => {
    expect(runs.indexOf('npm pkg set "updates.feed=')).toBeGreaterThan(-1);
    expect(runs.indexOf('npm pkg set')).toBeLessThan(runs.indexOf('npm run build'));
  });
});
