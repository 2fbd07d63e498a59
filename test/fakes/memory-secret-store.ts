// A keychain of the test's own: persists across clients, and can be locked or taken away.
import type { SecretStore } from '../../src/main/client/ports.ts';
import { AppError } from '../../src/shared/errors.ts';

export interface FakeKeychain extends SecretStore {
  state: 'open' | 'locked' | 'missing';
  entries: Map<string, Buffer>;
}

export function fakeKeychain(): FakeKeychain {
  const entries = new Map<string, Buffer>();
  const store: FakeKeychain = {
    kind: 'keychain',
    state: 'open',
    entries,
    get: (name) => answer(() => entries.get(name) ?? null),
    set: (name, secret) => answer(() => void entries.set(name, Buffer.from(secret))),
    delete: (name) => answer(() => void entries.delete(name)),
  };
  function answer<Value>(value: () => Value): Promise<Value> {
    if (store.state === 'open') return Promise.resolve(value());
    const [code, message] =
      store.state === 'locked'
        ? (['device/secret-store-locked', 'The keychain is locked.'] as const)
        : (['device/secret-store-unavailable', 'No keychain.'] as const);
    return Promise.reject(new AppError(code, message));
  }
  return store;
}
