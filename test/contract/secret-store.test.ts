// What every SecretStore promises, run against memory, the tests' fake and, where one can be started, a real keyring.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createKeychainSecretStore } from '../../src/main/client/adapters/keychain-secret-store.ts';
import { createMemorySecretStore } from '../../src/main/client/adapters/memory-secret-store.ts';
import type { SecretStore } from '../../src/main/client/ports.ts';
import { fakeKeychain } from '../fakes/memory-secret-store.ts';
import {
  type SecretService,
  secretServiceMissing,
  startSecretService,
} from '../support/secret-service.ts';

function promises(create: () => SecretStore): void {
  const key = Buffer.from(
    '000102030405060708090a0b0c0d0e0ff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff',
    'hex',
  );

  it('gives back every byte', async () => {
    const store = create();
    await store.set('one', key);
    expect(await store.get('one')).toEqual(key);
    await store.delete('one');
  });

  it('replaces an entry and keeps the others', async () => {
    const store = create();
    await store.set('one', key);
    await store.set('two', key);
    await store.set('one', Buffer.from('new'));
    expect(String(await store.get('one'))).toBe('new');
    expect(await store.get('two')).toEqual(key);
    await store.delete('one');
    await store.delete('two');
  });

  it('says null for what is not there, and removes it without complaint', async () => {
    const store = create();
    await store.delete('absent');
    expect(await store.get('absent')).toBeNull();
  });
}

describe('secrets in memory', () => promises(createMemorySecretStore));
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

describe('a keychain without a Secret Service', () => {
  it('is unavailable', async () => {
    const broken = createKeychainSecretStore(() => Promise.reject(new Error('no libsecret')));
    await expect(broken.get('x')).rejects.toMatchObject({
      code: 'device/secret-store-unavailable',
    });
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
