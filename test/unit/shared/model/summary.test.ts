import { expect, it } from 'vitest';
import { AppError } from '../../../../src/shared/errors.ts';
import { summary } from '../../../../src/shared/model/summary.ts';
import type { Tunnel } from '../../../../src/shared/model/tunnel.ts';
import { aRegisteredDevice, aSession } from '../../../fixtures/snapshots.ts';

const error = new AppError('tunnel/unreachable', 'No network.').toWire();
const address = { host: '127.0.0.1', port: 8081 };
const open: Tunnel = { status: 'open', address, openedAt: 1 };
const lost: Tunnel = { ...open, trouble: error };
const opening: Tunnel = { status: 'opening', startedAt: 1 };
const failed: Tunnel = { status: 'failed', error };

it('tells a session that ends soon before what is connected', () => {
  const session = { ...aSession(), ending: { because: null } };
  const headline = 'Session ends soon';
  const told = summary(aRegisteredDevice(), session, { s0: open });
  expect(told).toEqual({ glyph: 'attention', headline });
});

it.each<[string, Tunnel[], string, string]>([
  ['nothing', [], 'idle', 'Nothing connected'],
  ['one open', [open], 'connected', '1 service connected'],
  ['two open', [open, open], 'connected', '2 services connected'],
  ['one open, one opening', [open, opening], 'busy', 'Connecting…'],
  ['one open without a way', [open, lost], 'attention', 'Reconnecting…'],
  ['one without a way, one opening', [lost, opening], 'attention', 'Reconnecting…'],
  ['one failed, one without a way', [lost, failed], 'error', 'A service has failed'],
])('%s', (_what, tunnels, glyph, headline) => {
  const states = Object.fromEntries(tunnels.map((tunnel, index) => [`s${index}`, tunnel]));
  expect(summary(aRegisteredDevice(), aSession(), states)).toEqual({ glyph, headline });
});
