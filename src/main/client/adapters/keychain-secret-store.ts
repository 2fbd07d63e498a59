// The system's keychain through keytar, the only file that knows it. keytar is archived upstream; a successor with
// the same interface is a change of the one import below.
import { randomBytes } from 'node:crypto';
import type * as keytarModule from 'keytar';
import { AppError } from '../../../shared/errors.ts';
import type { SecretStore } from '../ports.ts';

type Keytar = typeof keytarModule;

const SERVICE = 'banyanapp';
/** A keychain that asks its person for a password may take a while; one without anybody to ask must not hang us. */
const ANSWER_WITHIN_MS = 60_000;

export function createKeychainSecretStore(
  load: () => Promise<Keytar> = loadKeytar,
  answerWithinMs = ANSWER_WITHIN_MS,
): SecretStore {
  async function ask<Answer>(question: (keytar: Keytar) => Promise<Answer>): Promise<Answer> {
    const keytar = await load().catch((cause: unknown) => {
      throw unavailable(cause);
    });
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(locked('it did not answer')), answerWithinMs);
    });
    try {
      return await Promise.race([question(keytar), tooLong]);
    } catch (error) {
      throw error instanceof AppError ? error : translate(error);
    } finally {
      clearTimeout(timer);
    }
  }

  /** keytar answers null for a locked keyring as for a missing entry: only one that takes and gives back is open. */
  async function proveOpen(keytar: Keytar): Promise<void> {
    const name = `probe-${randomBytes(6).toString('hex')}`;
    await keytar.setPassword(SERVICE, name, name);
    const readBack = await keytar.getPassword(SERVICE, name);
    if (readBack !== name) throw locked('it gives nothing back');
    await keytar.deletePassword(SERVICE, name);
  }

  return {
    kind: 'keychain',
    get: (name) =>
      ask(async (keytar) => {
        const found = await keytar.getPassword(SERVICE, name);
        if (found !== null) return Buffer.from(found, 'base64');
        await proveOpen(keytar);
        return null;
      }),
    set: (name, secret) =>
      ask(async (keytar) => {
        const text = secret.toString('base64');
        await keytar.setPassword(SERVICE, name, text);
        if ((await keytar.getPassword(SERVICE, name)) !== text) throw locked('it kept nothing');
      }),
    delete: (name) => ask(async (keytar) => void (await keytar.deletePassword(SERVICE, name))),
  };
}

async function loadKeytar(): Promise<Keytar> {
  const module = await import('keytar');
  // A CommonJS addon: its functions are on `default` where Node cannot list them.
  return (module as { default?: Keytar }).default ?? module;
}

/** keytar has no codes: these are the words of libsecret, Keychain Services and Windows. */
function translate(error: unknown): AppError {
  const text = error instanceof Error ? error.message : String(error);
  if (/denied|dismiss|cancel|not correct/i.test(text)) return denied(error);
  return /lock|prompt|interaction/i.test(text) ? locked('it refused', error) : unavailable(error);
}

const locked = (why: string, cause?: unknown): AppError =>
  new AppError('device/secret-store-locked', `The keychain is locked: ${why}.`, { cause });

const denied = (cause: unknown): AppError =>
  new AppError('device/secret-store-denied', 'The keychain refused, or its person did.', { cause });

const unavailable = (cause: unknown): AppError =>
  new AppError('device/secret-store-unavailable', 'No keychain answers on this computer.', {
    cause,
  });
