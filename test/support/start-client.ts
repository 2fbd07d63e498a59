// A headless client in a folder of its own, with a browser that approves and a keychain that outlives it.
import { systemClock } from '../../src/main/client/adapters/system-clock.ts';
import { createFileSecretStore } from '../../src/main/client/adapters/file-secret-store.ts';
import { createMemorySecretStore } from '../../src/main/client/adapters/memory-secret-store.ts';
import { type Client, createClient } from '../../src/main/client/index.ts';
import type { Browser, ClientPorts } from '../../src/main/client/ports.ts';
import { createEngine } from '../../src/proxy/index.ts';
import { layout } from '../../src/main/client/settings/layout.ts';
import type { CallName, InputOf, OutputOf, Slices } from '../../src/shared/ipc/contract.ts';
import type { SecretStoreKind } from '../../src/shared/model/device.ts';
import { type FakeKeychain, fakeKeychain } from '../fakes/memory-secret-store.ts';
import { type RecordingLog, recordingLog } from '../fakes/recording-log.ts';
import { scriptedBrowser } from '../fakes/scripted-browser.ts';
import { approveSignIn } from '../../scripts/lib/approve-sign-in.mjs';
import { tempDir } from './temp-dir.ts';

export interface TestClient {
  home: string;
  client: Client;
  keychain: FakeKeychain;
  log: RecordingLog;
  call<Name extends CallName>(name: Name, input: InputOf<Name>): Promise<OutputOf<Name>>;
  slices(): Slices;
  /** Resolves as soon as the slices are so; rejects after a while with what they are instead. */
  until(isSo: (slices: Slices) => boolean, withinMs?: number): Promise<Slices>;
  register(invite: string, secrets?: SecretStoreKind, passphrase?: string): Promise<void>;
  signIn(): Promise<void>;
  /** Ends this one and starts another one on the same folder. */
  restart(): Promise<TestClient>;
  stop(): Promise<void>;
}

export interface TestClientOptions {
  home?: string;
  keychain?: FakeKeychain;
  browser?: Browser;
  /** false: as a command that is over in a moment. */
  stays?: boolean;
  /** Whatever else is not as on a real computer. */
  ports?: Partial<ClientPorts>;
}

export async function startClient(options: TestClientOptions = {}): Promise<TestClient> {
  const home = options.home ?? tempDir();
  const keychain = options.keychain ?? fakeKeychain();
  const log = recordingLog();
  const client = await createClient(
    {
      secrets: {
        keychain,
        // As cheap as it can be made: guesses are not what these tests are about.
        file: createFileSecretStore({ file: layout(home).secrets, log2Cost: 4 }),
        memory: createMemorySecretStore(),
      },
      browser: options.browser ?? scriptedBrowser((url) => approveSignIn(url)),
      clock: systemClock,
      log,
      createEngine,
      ...options.ports,
    },
    { home, version: '0.1.0', stays: options.stays ?? true, onQuit: () => {} },
  );
  const slices = (): Slices => client.snapshot().slices;
  const call: TestClient['call'] = (name, input) =>
    (client.handlers[name] as (value: unknown) => Promise<never>)(input);

  return {
    home,
    client,
    keychain,
    log,
    call,
    slices,
    until(isSo, withinMs = 10_000) {
      return new Promise((resolve, reject) => {
        const look = (): void => {
          if (!isSo(slices())) return;
          clearTimeout(timer);
          unsubscribe();
          resolve(slices());
        };
        const timer = setTimeout(() => {
          unsubscribe();
          reject(new Error(`still not so: ${JSON.stringify(slices(), null, 1)}`));
        }, withinMs);
        const unsubscribe = client.subscribe(look);
        look();
      });
    },
    async register(invite, secrets = 'keychain', passphrase) {
      await call('device.register', {
        invite,
        name: 'laptop',
        ownership: 'Other',
        secrets,
        ...(passphrase !== undefined && { passphrase }),
      });
    },
    async signIn() {
      await call('session.signIn', { openBrowser: true });
      await call('catalog.refresh', {});
    },
    async restart() {
      await client.stop();
      return startClient({ ...options, home, keychain });
    },
    stop: () => client.stop(),
  };
}
