import { expect, it } from 'vitest';
import { AppError } from '../../../../src/shared/errors.ts';
import { summary, type Summed } from '../../../../src/shared/model/summary.ts';
import { type ManagedRegistration, notManaged } from '../../../../src/shared/model/managed.ts';
import { unregistered } from '../../../../src/shared/model/device.ts';
import { signedOut } from '../../../../src/shared/model/session.ts';
import type { Tunnel } from '../../../../src/shared/model/tunnel.ts';
import { aRegisteredDevice, aSession } from '../../../fixtures/snapshots.ts';

const error = new AppError('tunnel/unreachable', 'No network.').toWire();
const address = { host: '127.0.0.1', port: 8081 };
const open: Tunnel = { status: 'open', address, openedAt: 1 };
const lost: Tunnel = { ...open, trouble: error };
const opening: Tunnel = { status: 'opening', startedAt: 1 };
const failed: Tunnel = { status: 'failed', error };
const quiet: Summed = {
  device: aRegisteredDevice(),
  session: aSession(),
  tunnels: { states: {} },
  managed: notManaged,
};

it('tells a session that ends soon before what is connected', () => {
  const session = { ...aSession(), ending: { because: null } };
  const headline = 'Session ends soon';
  const told = summary({ ...quiet, session, tunnels: { states: { s0: open } } });
  expect(told).toEqual({ glyph: 'attention', headline });
});

it.each<[string, Tunnel[], string, string]>([
  ['nothing', [], 'idle', 'Nothing connected'],
  ['one open', [open], 'connected', '1 service connected'],
  ['two open', [open, open], 'connected', '2 services connected'],
  ['one open, one opening', [open, opening], 'busy', '1 connected, 1 connecting…'],
  ['one opening', [opening], 'busy', 'Connecting…'],
  ['one open without a way', [open, lost], 'attention', 'Reconnecting…'],
  ['one without a way, one opening', [lost, opening], 'attention', 'Reconnecting…'],
  ['one failed, one without a way', [lost, failed], 'error', 'A service has failed'],
])('%s', (_what, tunnels, glyph, headline) => {
  const states = Object.fromEntries(tunnels.map((tunnel, index) => [`s${index}`, tunnel]));
  expect(summary({ ...quiet, tunnels: { states } })).toEqual({ glyph, headline });
});

const organisation = { id: '9f86d081884c7d65', host: 'banyan.medsoft.example' };

it.each<[ManagedRegistration, string, string]>([
  [{ status: 'not-set' }, 'signed-out', 'Not registered'],
  [{ status: 'due', organisation }, 'busy', 'Setting up this computer…'],
  [
    { status: 'waiting', organisation, because: error, retryAt: 1 },
    'attention',
    'Waiting to set up this computer',
  ],
  [
    { status: 'refused', organisation, because: error },
    'error',
    'This computer could not be set up',
  ],
])('an unregistered computer whose file is %o', (registration, glyph, headline) => {
  const managed = { status: 'in-force' as const, settings: {}, registration };
  const told = summary({ ...quiet, device: unregistered, session: signedOut, managed });
  expect(told).toEqual({ glyph, headline });
});
