// electron-builder.yml against electron-builder's own schema, and the promises it makes.
import { readFileSync } from 'node:fs';
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

  it('claims invites and no other links', () => {
    expect(configuration.protocols.flatMap(({ schemes }) => schemes)).toEqual(['banyan']);
  });

  it('packs what the app loads, and neither the edge nor the terminal programs', () => {
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
