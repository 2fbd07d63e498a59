import { describe, expect, it } from 'vitest';
import { bridgeTransport, createClientApi } from '../../../src/shared/ipc/bridge.ts';
import type { Snapshot } from '../../../src/shared/ipc/contract.ts';
import { alwaysConnected, type LinkState } from '../../../src/renderer/link.ts';
import { applySignal, createMirror, mergeSnapshot } from '../../../src/renderer/stores/mirror.ts';
import { fakeBridge } from '../../fakes/fake-bridge.ts';
import { aSession, aSnapshot } from '../../fixtures/snapshots.ts';

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));
const signedOut = { status: 'signed-out' } as const;

describe('the mirror', () => {
  it('takes a newer slice and leaves the others alone', () => {
    const before = aSnapshot();
    const after = applySignal(before, 'session.changed', { revision: 2, value: signedOut });
    expect(after.slices.session).toEqual(signedOut);
    expect(after.slices.catalog).toBe(before.slices.catalog);
    expect(after.revisions).toEqual({
      organisations: 1,
      registration: 1,
      managed: 1,
      device: 1,
      session: 2,
      catalog: 1,
      tunnels: 1,
      settings: 1,
      links: 1,
      updates: 1,
    });
  });

  it('ignores a slice that is late or known', () => {
    const snapshot = applySignal(aSnapshot(), 'session.changed', {
      revision: 5,
      value: aSession(),
    });
    expect(applySignal(snapshot, 'session.changed', { revision: 4, value: signedOut })).toBe(
      snapshot,
    );
    expect(applySignal(snapshot, 'session.changed', { revision: 5, value: signedOut })).toBe(
      snapshot,
    );
  });

  it('keeps a newer slice when a snapshot arrives that was overtaken', () => {
    const ours = applySignal(aSnapshot(), 'session.changed', { revision: 7, value: signedOut });
    const theirs: Snapshot = {
      ...aSnapshot({ catalog: { status: 'loading', services: [] } }),
      revisions: {
        organisations: 1,
        registration: 1,
        managed: 1,
        device: 1,
        session: 6,
        catalog: 3,
        tunnels: 1,
        settings: 1,
        links: 1,
        updates: 1,
      },
    };
    const merged = mergeSnapshot(ours, theirs);
    expect(merged.slices.session).toEqual(signedOut);
    expect(merged.slices.catalog.status).toBe('loading');
    expect(merged.revisions).toEqual({
      organisations: 1,
      registration: 1,
      managed: 1,
      device: 1,
      session: 7,
      catalog: 3,
      tunnels: 1,
      settings: 1,
      links: 1,
      updates: 1,
    });
  });

  it('does not lose a signal that arrives before the first snapshot', async () => {
    const fake = fakeBridge();
    let arrive: (snapshot: Snapshot) => void = () => {};
    fake.answer('app.snapshot', () => new Promise((resolve) => (arrive = resolve)));
    const mirror = createMirror(createClientApi(bridgeTransport(fake.bridge)), alwaysConnected);
    const stop = mirror.start();
    fake.emit('session.changed', { revision: 2, value: signedOut });
    arrive(aSnapshot());
    await settled();
    expect(mirror.store.getState().snapshot?.slices.session).toEqual(signedOut);
    stop();
    fake.emit('session.changed', { revision: 3, value: aSession() });
    expect(mirror.store.getState().snapshot?.slices.session).toEqual(signedOut);
  });

  it('asks for the snapshot again after every interruption', async () => {
    const fake = fakeBridge();
    fake.answer('app.snapshot', () => aSnapshot());
    let tell: (state: LinkState) => void = () => {};
    const mirror = createMirror(createClientApi(bridgeTransport(fake.bridge)), {
      opensPages: true,
      state: () => 'connecting',
      watch: (listener) => {
        tell = listener;
        return () => {};
      },
    });
    mirror.start();
    expect(fake.calls).toHaveLength(0);
    for (const state of ['connected', 'interrupted', 'connected'] as const) tell(state);
    await settled();
    expect(fake.calls.map(({ name }) => name)).toEqual(['app.snapshot', 'app.snapshot']);
  });

  it('says why there is no snapshot, and recovers', async () => {
    const fake = fakeBridge();
    fake.refuse('app.snapshot', 'client/not-running', 'Banyan does not answer.');
    const mirror = createMirror(createClientApi(bridgeTransport(fake.bridge)), alwaysConnected);
    mirror.start();
    await settled();
    expect(mirror.store.getState().failure?.code).toBe('client/not-running');
    fake.answer('app.snapshot', () => aSnapshot());
    await mirror.refetch();
    expect(mirror.store.getState()).toMatchObject({ failure: null });
    expect(mirror.store.getState().snapshot).not.toBeNull();
  });
});
