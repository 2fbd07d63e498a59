import { expect, it } from 'vitest';
import { tunnelWords } from '../../../src/cli/commands/services.ts';
import { AppError } from '../../../src/shared/errors.ts';
import type { Tunnel } from '../../../src/shared/model/tunnel.ts';

const error = new AppError('tunnel/unreachable', 'There is no network.').toWire();
const open: Tunnel = { status: 'open', address: { host: '127.0.0.1', port: 8081 }, openedAt: 0 };
const traffic = { connections: 2, bytesSent: 10, bytesReceived: 20 };

it.each<[Tunnel, string]>([
  [open, 'connected at 127.0.0.1:8081'],
  [{ ...open, trouble: error }, 'reconnecting at 127.0.0.1:8081 (There is no network.)'],
  [{ ...open, waiting: 'for-sign-in' }, 'waiting for sign-in at 127.0.0.1:8081'],
  [
    { ...open, traffic, lastRefusal: { at: 0, error } },
    'connected at 127.0.0.1:8081, 2 connections, 10 B sent, 20 B received, last refusal: There is no network.',
  ],
  [{ status: 'failed', error }, 'failed: There is no network. [tunnel/unreachable]'],
])('the terminal says of %j: %s', (tunnel, words) => {
  expect(tunnelWords(tunnel)).toBe(words);
});
