// What the hosts of the window rely on in a client: run against the client itself and against the one that answers by heart.
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Client } from '../../src/main/client/index.ts';
import { AppError } from '../../src/shared/errors.ts';
import type { SignalName, Signals } from '../../src/shared/ipc/contract.ts';
import { allCallNames, signalNames } from '../../src/shared/ipc/names.ts';
import { clientByHeart } from '../fakes/client-by-heart.ts';
import { aFreshSnapshot, INVITE } from '../fixtures/snapshots.ts';
import { startClient } from '../support/start-client.ts';
import { defaultSettings } from '../../src/shared/model/settings.ts';

interface Subject {
  client: Client;
  /** The settings become those with the dark theme. */
  darken: () => Promise<unknown>;
}

async function itself(): Promise<Subject> {
  const started = await startClient();
  onTestFinished(() => started.stop());
  const { client } = started;
  return { client, darken: () => client.handlers['settings.change']({ theme: 'dark' }) };
}

async function byHeart(): Promise<Subject> {
  const client = clientByHeart();
  const error = {
    code: 'device/not-registered' as const,
    message: 'This device is not registered.',
  };
  const replies = { 'session.signIn': { ok: false as const, error } };
  client.show({ snapshot: aFreshSnapshot(), replies });
  const settings = { values: { ...defaultSettings, theme: 'dark' as const }, managed: null };
  return {
    client,
    darken: async () => client.show({ snapshot: aFreshSnapshot({}, { settings }), replies }),
  };
}

const told = (client: Client) => {
  const signals: { name: SignalName; payload: Signals[SignalName] }[] = [];
  const stop = client.subscribe((name, payload) => void signals.push({ name, payload }));
  return { signals, stop };
};

describe.each([
  ['the client', itself],
  ['the client by heart', byHeart],
])('%s', (_, create) => {
  it('has a handler for every call', async () => {
    const { client } = await create();
    expect(Object.keys(client.handlers).toSorted()).toEqual(allCallNames.toSorted());
  });

  it('answers a call for its state with every slice and its revision', async () => {
    const { client } = await create();
    const asked = await client.handlers['app.snapshot']({});
    expect(asked).toEqual(client.snapshot());
    const slices = signalNames.map((name) => name.replace('.changed', '')).toSorted();
    expect(Object.keys(asked.slices).toSorted()).toEqual(slices);
    expect(Object.keys(asked.revisions).toSorted()).toEqual(slices);
  });

  it('tells a change with the whole slice and a later revision', async () => {
    const { client, darken } = await create();
    const before = client.snapshot();
    const { signals } = told(client);
    await darken();
    const { slices, revisions } = client.snapshot();
    expect(slices.settings.values.theme).toBe('dark');
    expect(before.slices.settings.values.theme).not.toBe('dark');
    expect(signals).toContainEqual({
      name: 'settings.changed',
      payload: { revision: revisions.settings, value: slices.settings },
    });
    expect(revisions.settings).toBeGreaterThan(before.revisions.settings);
  });

  it('tells nothing any more to who has stopped listening', async () => {
    const { client, darken } = await create();
    const { signals, stop } = told(client);
    stop();
    await darken();
    expect(signals).toEqual([]);
  });

  it('refuses with a code', async () => {
    const { client } = await create();
    const refused = client.handlers['session.signIn']({ openBrowser: false });
    await expect(refused).rejects.toBeInstanceOf(AppError);
    await expect(refused).rejects.toMatchObject({ code: 'device/not-registered' });
  });

  it('shows a link, and can be stopped twice', async () => {
    const { client } = await create();
    client.openLink(INVITE);
    expect(client.snapshot().slices.links.invite).toBe(INVITE);
    await client.stop();
    await client.stop();
  });
});
