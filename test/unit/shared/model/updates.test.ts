import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../src/shared/errors.ts';
import {
  mayCheck,
  nextUpdates,
  type Updates,
  type UpdatesEvent,
} from '../../../../src/shared/model/updates.ts';

const because = new AppError('updates/feed-unreachable', 'No answer.').toWire();
const states: Record<string, Updates> = {
  hindered: { status: 'off', because: 'deb' },
  managed: { status: 'off', because: 'managed', by: 'Medsoft' },
  idle: { status: 'idle' },
  checking: { status: 'checking' },
  none: { status: 'none', checkedAt: 7 },
  downloading: { status: 'downloading', version: '2.0.0', share: 0.5 },
  ready: { status: 'ready', version: '2.0.0' },
  failed: { status: 'failed', because },
};
const events: Record<string, UpdatesEvent> = {
  'switched off': { type: 'switched-off', by: 'Medsoft' },
  'switched on': { type: 'switched-on' },
  started: { type: 'started' },
  'nothing newer': { type: 'nothing-newer', at: 9 },
  found: { type: 'found', version: '3.0.0' },
  progressed: { type: 'progressed', share: 0.7 },
  'progressed backwards': { type: 'progressed', share: 0.4 },
  downloaded: { type: 'downloaded' },
  failed: { type: 'failed', error: because },
};
const off: Updates = { status: 'off', because: 'managed', by: 'Medsoft' };
const checking: Updates = { status: 'checking' };
const failed: Updates = { status: 'failed', because };

/** State after the event; what is not listed is the same object. */
const table: Record<string, Record<string, Updates>> = {
  hindered: {},
  managed: { 'switched on': { status: 'idle' } },
  idle: { 'switched off': off, started: checking },
  checking: {
    'switched off': off,
    'nothing newer': { status: 'none', checkedAt: 9 },
    found: { status: 'downloading', version: '3.0.0', share: 0 },
    failed,
  },
  none: { 'switched off': off, started: checking },
  downloading: {
    'switched off': off,
    progressed: { status: 'downloading', version: '2.0.0', share: 0.7 },
    downloaded: { status: 'ready', version: '2.0.0' },
    failed,
  },
  ready: { 'switched off': off },
  failed: { 'switched off': off, started: checking },
};

describe.each(Object.keys(states))('%s', (name) => {
  const before = states[name]!;
  it.each(Object.keys(events))('and then %s', (event) => {
    const after = nextUpdates(before, events[event]!);
    const expected = table[name]?.[event];
    if (expected) expect(after).toEqual(expected);
    else expect(after).toBe(before);
  });
});

it('is asked for only where nothing runs, nothing is in hand and nothing forbids it', () => {
  expect(Object.keys(states).filter((name) => mayCheck(states[name]!))).toEqual([
    'idle',
    'none',
    'failed',
  ]);
});
