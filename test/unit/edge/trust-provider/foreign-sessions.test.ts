import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../../../src/edge/store/memory-store.ts';
import { sweep } from '../../../../src/edge/store/sweep.ts';
import { createSessions } from '../../../../src/edge/trust-provider/sessions.ts';

const now = Math.floor(Date.now() / 1000);

describe('a session of another issuer that was ended', () => {
  it('is begun anew under another id by a later token, and what was issued before stays worthless', async () => {
    const sessions = createSessions(createMemoryStore());
    const old = { iat: now - 10, exp: now + 3_600 };
    const { sessionId: first, isLive } = await sessions.continue('f', 'd', old);
    expect(isLive).toBe(true);
    expect(await sessions.isLive(first, 'd')).toBe(true);
    await sessions.end(first);
    expect((await sessions.continue('f', 'd', old)).isLive).toBe(false);
    const again = await sessions.continue('f', 'd', { iat: now + 5, exp: now + 3_700 });
    expect(again.isLive).toBe(true);
    expect(await sessions.isLive(again.sessionId, 'd')).toBe(true);
    expect(await sessions.isLive(first, 'd')).toBe(false);
    expect((await sessions.continue('f', 'd', old)).isLive).toBe(false);
    expect(await sessions.ofDevice('d')).toEqual([again.sessionId]);
  });

  it('does not go on with its token though the clock of the issuer is ahead', async () => {
    const sessions = createSessions(createMemoryStore());
    const ahead = { iat: now + 200, exp: now + 3_600 };
    await sessions.end((await sessions.continue('f', 'd', ahead)).sessionId);
    expect((await sessions.continue('f', 'd', ahead)).isLive).toBe(false);
  });

  it('is remembered until no token from before can be good', async () => {
    const store = createMemoryStore();
    const sessions = createSessions(store);
    const seen = await sessions.continue('f', 'd', { iat: now - 3_500, exp: now + 100 });
    const unseen = { iat: now - 5, exp: now + 3_595 };
    await sessions.end(seen.sessionId);
    await sweep(store, now + 701);
    expect((await sessions.continue('f', 'd', unseen)).isLive).toBe(false);
  });
});
