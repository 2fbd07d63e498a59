import { describe, expect, it } from 'vitest';
import type { DeviceRunner } from '../../../../../src/main/client/device/registration.ts';
import type { StoredSession } from '../../../../../src/main/client/device/vault.ts';
import type { LoginFiles } from '../../../../../src/main/client/identity/login-files.ts';
import { createSession } from '../../../../../src/main/client/identity/session.ts';
import { createState } from '../../../../../src/main/client/state.ts';
import { AppError } from '../../../../../src/shared/errors.ts';
import { recordingLog } from '../../../../fakes/recording-log.ts';
import { scriptedBrowser } from '../../../../fakes/scripted-browser.ts';
import { until } from '../../../../support/until.ts';

const NOW = 1_000_000;

const aSession = (expiresAt: number): StoredSession => ({
  person: { subject: 'amara', name: 'Amara', email: 'amara@demo.bnn', groups: [] },
  trustToken: 'token',
  issuedAt: NOW - 100,
  expiresAt,
  key: 'key',
  certificate: 'certificate',
});

/** A session that was stored, on a disk that became full or read-only. */
function onAFullDisk(stored: StoredSession) {
  const due: { at: number; run: () => void }[] = [];
  const log = recordingLog();
  const state = createState(log);
  const attempts: string[] = [];
  const refuse = (what: string): Promise<never> => {
    attempts.push(what);
    return Promise.reject(new AppError('client/storage-failed', 'The disk is full.'));
  };
  const device = {
    session: () => stored,
    membership: () => ({}),
    requireMembership: () => ({ root: 'root', document: {} }),
    saveSession: (session: StoredSession | null) => (session ? Promise.resolve() : refuse('vault')),
  } as unknown as DeviceRunner;
  const loginFiles: LoginFiles = {
    write: () => Promise.resolve(),
    remove: () => refuse('login files'),
  };
  const clock = {
    now: () => NOW,
    after: (delayMs: number, run: () => void) => {
      due.push({ at: NOW + delayMs, run });
      return () => {};
    },
  };
  const session = createSession({
    ports: { browser: scriptedBrowser(), clock, log },
    state,
    device,
    loginFiles,
    onCredentials: () => {},
    closeTunnels: () => Promise.resolve(),
  });
  const isLogged = (): Promise<boolean> =>
    Promise.resolve(
      log.lines.some(({ level, fields }) => {
        const error = fields?.['error'];
        return level === 'error' && error instanceof AppError && error.code.startsWith('client/');
      }),
    );
  return { session, state, attempts, due, isLogged };
}

describe('a session on a disk that refuses every change', () => {
  it('still ends with its certificate, tries to remove all of it, and does not end the client', async () => {
    const { session, state, attempts, due, isLogged } = onAFullDisk(aSession(NOW + 1_000));
    await session.restore();
    expect(state.slices.session.status).toBe('signed-in');
    due.find(({ at }) => at === NOW + 1_000)?.run();
    await until(isLogged);
    expect(state.slices.session).toMatchObject({
      status: 'expired',
      because: { code: 'identity/session-expired' },
    });
    expect(attempts).toEqual(['login files', 'vault']);
  });

  it('that ended while the computer was off is not taken up, and does not end the client', async () => {
    const { session, state, attempts, isLogged } = onAFullDisk(aSession(NOW - 50));
    await session.restore();
    await until(isLogged);
    expect(state.slices.session).toMatchObject({ status: 'expired' });
    expect(attempts).toEqual(['login files', 'vault']);
  });

  it('is signed out all the same, and whoever asked is told that the disk refused', async () => {
    const { session, state, attempts } = onAFullDisk(aSession(NOW + 1_000));
    await session.restore();
    await expect(session.signOut()).rejects.toMatchObject({ code: 'client/storage-failed' });
    expect(state.slices.session).toEqual({ status: 'signed-out' });
    expect(attempts).toEqual(['login files', 'vault']);
  });
});
