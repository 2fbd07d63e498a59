// The question before connections are lost, by whichever way the app ends.
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { dialog, standIn } from '../../../electron-host/fakes.ts';
import {
  askToQuit,
  askToRestart,
  askToSignOut,
  askToSwitch,
} from '../../../../src/main/desktop/ask-to-quit.ts';

// Electron itself cannot be loaded here; what stands in for it records what it was asked.
vi.mock('electron', () => ({ dialog }));

beforeEach(() => {
  standIn.questions.length = 0;
  standIn.answer = 0;
});

describe.each([
  ['quitting', (connected: number) => askToQuit(connected), 'Quit Banyan?'],
  [
    'restarting',
    (connected: number) => askToRestart(connected, '0.2.0'),
    'Restart Banyan as 0.2.0?',
  ],
  ['signing out', (connected: number) => askToSignOut(connected), 'Sign out?'],
  ['switching', (connected: number) => askToSwitch(connected, 'Acme'), 'Switch to Acme?'],
])('%s', (_way, ask, question) => {
  it('asks nobody where nothing is connected', async () => {
    expect(await ask(0)).toBe(true);
    expect(standIn.questions).toEqual([]);
  });

  it('asks once, however often it is chosen before there is an answer', async () => {
    expect(await Promise.all([ask(1), ask(1), ask(1)])).toEqual([true, true, true]);
    expect(standIn.questions).toHaveLength(1);
    standIn.answer = 1;
    expect(await ask(1)).toBe(false);
  });

  it('says how many services would lose their connections, and takes a no', async () => {
    expect(await ask(1)).toBe(true);
    standIn.answer = 1;
    expect(await ask(2)).toBe(false);
    expect(standIn.questions).toEqual([
      `${question} One service is connected. Programs that use it lose their connections.`,
      `${question} 2 services are connected. Programs that use them lose their connections.`,
    ]);
  });
});
