// Secrets that end with the process: for machines without a keychain, and for the demo.
import type { SecretStore } from '../ports.ts';

export function createMemorySecretStore(): SecretStore {
  const entries = new Map<string, Buffer>();
  return {
    kind: 'memory',
    get: (name) => Promise.resolve(copy(entries.get(name))),
    set(name, secret) {
      entries.set(name, Buffer.from(secret));
      return Promise.resolve();
    },
    delete(name) {
      entries.get(name)?.fill(0);
      entries.delete(name);
      return Promise.resolve();
    },
  };
}

const copy = (secret: Buffer | undefined): Buffer | null => (secret ? Buffer.from(secret) : null);
