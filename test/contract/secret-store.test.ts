// What every SecretStore promises, run against memory, a file, the tests' fake and, where one can be started, a real keyring.
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createFileSecretStore } from '../../src/main/client/adapters/file-secret-store.ts';
import { createKeychainSecretStore } from '../../src/main/client/adapters/keychain-secret-store.ts';
import { createMemorySecretStore } from '../../src/main/client/adapters/memory-secret-store.ts';
import type { SecretStore } from '../../src/main/client/ports.ts';
import { fakeKeychain } from '../fakes/memory-secret-store.ts';
import {
  type SecretService,
  secretServiceMissing,
  startSecretService,
} from '../support/secret-service.ts';
import { tempDir } from '../support/temp-dir.ts';

function promises(create: () => SecretStore | Promise<SecretStore>): void {
  const key = Buffer.from(
    '000102030405060708090a0b0c0d0e0ff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff',
    'hex',
  );

  it('gives back every byte', async () => {
    const store = await create();
    await store.set('one', key);
    expect(await store.get('one')).toEqual(key);
    await store.delete('one');
  });

  it('replaces an entry and keeps the others', async () => {
    const store = await create();
    await store.set('one', key);
    await store.set('two', key);
    await store.set('one', Buffer.from('new'));
    expect(String(await store.get('one'))).toBe('new');
    expect(await store.get('two')).toEqual(key);
    await store.delete('one');
    await store.delete('two');
  });

  it('says null for what is not there, and removes it without complaint', async () => {
    const store = await create();
    await store.delete('absent');
    expect(await store.get('absent')).toBeNull();
  });
}

describe('secrets in memory', () => promises(createMemorySecretStore));

const PASSPHRASE = 'correct horse battery';
const inFile = (file = path.join(tempDir(), 'secrets.bin')) => {
  const again = () => createFileSecretStore({ file, log2Cost: 10 });
  return { file, again, store: again() };
};
const secret = Buffer.from('a key of 32 bytes, or what a test');

describe('secrets in a file', () => {
  promises(async () => {
    const { store } = inFile();
    await store.unlock(PASSPHRASE);
    return store;
  });

  it('are there again for who knows the passphrase, in whatever form it is typed', async () => {
    const { store, again } = inFile();
    await store.unlock('p\u00e4ssword'); // ä as one character
    await store.set('one', secret);
    const later = again();
    await later.unlock('pa\u0308ssword'); // and as two
    expect(await later.get('one')).toEqual(secret);
  });

  it('are locked until then, and never told to be missing', async () => {
    const { store, again } = inFile();
    await store.unlock(PASSPHRASE);
    await store.set('one', secret);
    const locked = { code: 'device/passphrase-needed' };
    const later = again();
    await expect(later.get('one')).rejects.toMatchObject(locked);
    await expect(later.set('two', secret)).rejects.toMatchObject(locked);
    await expect(later.delete('one')).rejects.toMatchObject(locked);
    await expect(inFile().store.set('one', secret)).rejects.toMatchObject(locked);
  });

  it('change nothing for a wrong passphrase, in the file or in what is open', async () => {
    const { file, store, again } = inFile();
    await store.unlock(PASSPHRASE);
    await store.set('one', secret);
    const before = readFileSync(file);
    const wrong = { code: 'device/passphrase-wrong' };
    await expect(store.unlock('another one')).rejects.toMatchObject(wrong);
    await expect(again().unlock('another one')).rejects.toMatchObject(wrong);
    expect(readFileSync(file)).toEqual(before);
    expect(await store.get('one')).toEqual(secret);
  });

  it('are for their person only, in no plain text, and another file each time', async () => {
    const { file, store } = inFile();
    await store.unlock(PASSPHRASE);
    await store.set('one', secret);
    const first = readFileSync(file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    for (const text of [secret.toString(), secret.toString('base64'), PASSPHRASE, 'one"']) {
      expect(first.includes(text)).toBe(false);
    }
    await store.set('one', secret);
    expect(readFileSync(file)).not.toEqual(first);
  });

  it('of which one bit was changed open for nobody', async () => {
    const { file, store, again } = inFile();
    await store.unlock(PASSPHRASE);
    await store.set('one', secret);
    const whole = readFileSync(file);
    for (const at of [0, 18, 40, whole.length - 1]) {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] ?? 0) ^ 1;
      writeFileSync(file, changed);
      await expect(again().unlock(PASSPHRASE)).rejects.toMatchObject({
        code: at === 0 ? 'client/storage-corrupt' : 'device/passphrase-wrong',
      });
    }
  });

  it('that ask for more memory than any of ours are not tried', async () => {
    const { file, store, again } = inFile();
    await store.unlock(PASSPHRASE);
    await store.set('one', secret);
    const greedy = readFileSync(file);
    greedy[Buffer.byteLength('banyan-secrets-1\n')] = 30;
    writeFileSync(file, greedy);
    await expect(again().unlock(PASSPHRASE)).rejects.toMatchObject({
      code: 'client/storage-corrupt',
    });
  });

  it('take a passphrase of eight characters and more, and are gone with the last of them', async () => {
    const { file, store } = inFile();
    await expect(store.unlock('1234567')).rejects.toMatchObject({ code: 'usage/invalid-input' });
    await store.unlock(PASSPHRASE);
    await store.set('one', secret);
    await store.delete('one');
    expect(existsSync(file)).toBe(false);
    expect(await store.get('one')).toBeNull();
  });

  it('cost whoever guesses a tenth of a second and more, each time', async () => {
    const { file } = inFile();
    const real = createFileSecretStore({ file });
    await real.unlock(PASSPHRASE);
    await real.set('one', secret);
    const before = performance.now();
    await expect(real.unlock('another one')).rejects.toThrow();
    expect(performance.now() - before).toBeGreaterThan(100);
  });
});

describe("the tests' keychain", () => promises(fakeKeychain));

const missing = secretServiceMissing();
describe('the keychain on a real Secret Service', () => {
  let service: SecretService | undefined;
  // Skipped test by test: only so does each carry its reason into the list at the end.
  beforeEach((context) => {
    if (missing !== null) context.skip(missing);
  });
  beforeAll(async () => {
    if (missing !== null) return;
    service = await startSecretService();
    // Read by the native library when it is first used, in this process.
    process.env['DBUS_SESSION_BUS_ADDRESS'] = service.address;
  });
  afterAll(() => service?.stop());

  promises(createKeychainSecretStore);

  it('says that it is locked, and never that an entry is missing', async () => {
    const store = createKeychainSecretStore(undefined, 5_000);
    await store.set('kept', Buffer.from('x'));
    service?.lock();
    await expect(store.get('kept')).rejects.toMatchObject({ code: 'device/secret-store-locked' });
    await expect(store.set('new', Buffer.from('x'))).rejects.toMatchObject({
      code: 'device/secret-store-locked',
    });
  });
});

describe('a keychain that does not answer as it should', () => {
  it('is unavailable where its library cannot be loaded', async () => {
    const broken = createKeychainSecretStore(() => Promise.reject(new Error('no libsecret')));
    await expect(broken.get('x')).rejects.toMatchObject({
      code: 'device/secret-store-unavailable',
    });
  });

  it.each([
    ['locked', 'Cannot create an item in a locked collection'],
    ['locked', 'User interaction is not allowed.'],
    ['denied', 'User canceled the operation.'],
    ['denied', 'The user name or passphrase you entered is not correct.'],
    ['denied', 'The prompt was dismissed'],
    ['denied', 'Access is denied.'],
    ['unavailable', 'The name org.freedesktop.secrets was not provided by any .service files'],
  ])('is told apart, %s: %s', async (kind, words) => {
    const refuse = () => Promise.reject(new Error(words));
    const refusing = { getPassword: refuse, setPassword: refuse, deletePassword: refuse };
    const store = createKeychainSecretStore(() => Promise.resolve(refusing as never));
    await expect(store.get('x')).rejects.toMatchObject({ code: `device/secret-store-${kind}` });
  });

  it('is locked when it never answers', async () => {
    const never = () => new Promise<never>(() => {});
    const silent = { getPassword: never, setPassword: never, deletePassword: never };
    const store = createKeychainSecretStore(() => Promise.resolve(silent as never), 20);
    await expect(store.get('x')).rejects.toMatchObject({ code: 'device/secret-store-locked' });
  });

  it('is locked when it answers null and keeps nothing', async () => {
    const forgetful = {
      getPassword: () => Promise.resolve(null),
      setPassword: () => Promise.resolve(),
      deletePassword: () => Promise.resolve(false),
    };
    const store = createKeychainSecretStore(() => Promise.resolve(forgetful as never));
    await expect(store.get('x')).rejects.toMatchObject({ code: 'device/secret-store-locked' });
  });
});
