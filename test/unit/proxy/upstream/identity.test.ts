import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Credentials } from '../../../../src/proxy/messages.ts';
import { Identity } from '../../../../src/proxy/upstream/identity.ts';
import { AppError } from '../../../../src/shared/errors.ts';
import { createTestPki } from '../../../support/pki.ts';

let expired: Credentials;
let renewed: Credentials;
beforeAll(async () => {
  const pki = await createTestPki();
  expired = await pki.issue({ commonName: 'person', lifeMs: -1_000 });
  renewed = await pki.issue({ commonName: 'person' });
});
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function anExpired() {
  const asked: string[] = [];
  const identity = new Identity((tunnel) => asked.push(tunnel));
  identity.replace(expired);
  const ask = (gone?: AbortSignal) => identity.current('svc', gone);
  return { identity, asked, ask };
}

const isExpired = { code: 'tunnel/certificate-expired' };

describe('while the certificate has expired', () => {
  it('waits two minutes for a new one, and no longer', async () => {
    const { ask, asked } = anExpired();
    let outcome: unknown = 'waiting';
    void ask().catch((error: unknown) => (outcome = error));
    await vi.advanceTimersByTimeAsync(119_999);
    expect(outcome).toBe('waiting');
    await vi.advanceTimersByTimeAsync(1);
    expect(outcome).toMatchObject(isExpired);
    expect(asked).toEqual(['svc']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('goes on with the new one, which replaces an expired one but never the other way round', async () => {
    const { identity, ask } = anExpired();
    const waiting = ask();
    identity.replace(expired);
    identity.replace(renewed);
    expect((await waiting).expiresAt).toBeGreaterThan(Date.now());
    expect(vi.getTimerCount()).toBe(0);
  });

  it('gives the place of a program that goes away to the next one', async () => {
    const { ask } = anExpired();
    const programs = Array.from({ length: 256 }, () => new AbortController());
    const waiting = programs.map(({ signal }) => ask(signal).catch((error: unknown) => error));
    await expect(ask()).rejects.toMatchObject(isExpired);
    programs[0]?.abort();
    expect(await waiting[0]).toMatchObject({ code: 'tunnel/cancelled' });
    void ask().catch(() => {});
    await expect(ask()).rejects.toMatchObject(isExpired);
  });

  it('keeps no place for a program that had gone before it could wait', async () => {
    const { ask, asked } = anExpired();
    await expect(ask(AbortSignal.abort())).rejects.toMatchObject({ code: 'tunnel/cancelled' });
    expect(asked).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('asks once for all who wait, and again for those who come after a refusal', async () => {
    const { identity, ask, asked } = anExpired();
    const first = [ask(), ask()].map((each) => each.catch((error: unknown) => error));
    expect(asked).toHaveLength(1);
    identity.refuseHeld(new AppError('identity/sign-in-cancelled', 'No.'));
    for (const outcome of await Promise.all(first)) {
      expect(outcome).toMatchObject({ code: 'identity/sign-in-cancelled' });
    }
    void ask().catch(() => {});
    expect(asked).toHaveLength(2);
  });

  it('does not wait where nobody could get a new one', async () => {
    const identity = new Identity(null);
    identity.replace(expired);
    await expect(identity.current('svc', undefined)).rejects.toMatchObject(isExpired);
  });
});
