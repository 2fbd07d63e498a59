// A program of its own: a client in two organisations that switches to one of them, and is killed on the way. It kills
// itself at a step on disk that its caller chose, so that every step has its turn. Bundled by the test that uses it.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';
import { createFileSecretStore } from '../../src/main/client/adapters/file-secret-store.ts';
import { createMemorySecretStore } from '../../src/main/client/adapters/memory-secret-store.ts';
import { systemClock } from '../../src/main/client/adapters/system-clock.ts';
import { createClient } from '../../src/main/client/index.ts';
import type { SecretStore } from '../../src/main/client/ports.ts';
import { layout } from '../../src/main/client/settings/layout.ts';
import { createEngine } from '../../src/proxy/index.ts';

interface Orders {
  home: string;
  /** Where the test left the keys of its keychain: name to base64. */
  keys: string;
  to: string;
  /** 0: it is not killed. */
  killAtStep: number;
}

const orders = JSON.parse(process.argv[2] ?? '') as Orders;
const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

function keychainFile(file: string): SecretStore {
  const read = () => JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
  const write = (entries: Record<string, string>): void => {
    writeFileSync(`${file}.new`, JSON.stringify(entries));
    renameSync(`${file}.new`, file);
  };
  return {
    kind: 'keychain',
    get(name) {
      const found = read()[name];
      return Promise.resolve(found === undefined ? null : Buffer.from(found, 'base64'));
    },
    set: async (name, secret) => write({ ...read(), [name]: secret.toString('base64') }),
    async delete(name) {
      const { [name]: _, ...others } = read();
      write(others);
    },
  };
}

const client = await createClient(
  {
    secrets: {
      keychain: keychainFile(orders.keys),
      memory: createMemorySecretStore(),
      file: createFileSecretStore({ file: layout(orders.home).secrets, log2Cost: 4 }),
    },
    browser: { open: () => Promise.resolve() },
    clock: systemClock,
    log: quiet,
    createEngine,
  },
  { home: orders.home, version: '0.1.0', onQuit: () => {} },
);

/** Before and after each change of a name: between two of them nothing on disk is different. */
let steps = 0;
function step(): void {
  steps += 1;
  if (steps === orders.killAtStep) process.kill(process.pid, 'SIGKILL');
}
const { rename, rm, symlink } = fs;
fs.rename = async (from, to) => {
  step();
  await rename(from, to);
  step();
};
fs.rm = async (file, options) => {
  step();
  await rm(file, options);
  step();
};
fs.symlink = async (target, file, type) => {
  step();
  await symlink(target, file, type);
  step();
};
syncBuiltinESMExports();

await client.handlers['organisation.switch']({ organisation: orders.to });
process.stdout.write(JSON.stringify({ steps, home: path.basename(orders.home) }));
process.exit(0);
