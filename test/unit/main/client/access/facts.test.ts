// What the engine tells becomes what the person sees.
import { describe, expect, it } from 'vitest';
import { createAccess } from '../../../../../src/main/client/access/access.ts';
import { findFreePort } from '../../../../../src/main/client/adapters/port-holder.ts';
import { createState } from '../../../../../src/main/client/state.ts';
import type { TunnelFact } from '../../../../../src/proxy/index.ts';
import { AppError } from '../../../../../src/shared/errors.ts';
import { manualClock } from '../../../../fakes/manual-clock.ts';
import { recordingLog } from '../../../../fakes/recording-log.ts';
import { scriptedEngine } from '../../../../fakes/scripted-engine.ts';
import { aService } from '../../../../support/services.ts';

const error = new AppError('tunnel/unreachable', 'There is no network.').toWire();
const one = 'echo.demo.bnn';
const other = 'other.demo.bnn';

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2));

async function connected() {
  const clock = manualClock();
  const log = recordingLog();
  let changes = 0;
  const state = createState(log, (slice) => {
    if (slice === 'tunnels') changes += 1;
  });
  const engine = scriptedEngine();
  const needed: string[] = [];
  const access = createAccess({
    ports: { clock, log, createEngine: engine.create },
    state,
    rulesFor: ({ host }) => ({
      upstreamProxy: { host: `proxy-for-${host}`, port: 3128, authorization: 'Basic secret' },
      localUsers: 'own',
    }),
    onCertificateNeeded: () => needed.push('needed'),
  });
  access.setCredentials({ key: 'key', certificate: 'certificate', ca: 'ca' });
  state.catalog({ status: 'current', services: [aService(), aService({ id: other })] });
  await access.open(one);
  await access.open(other);
  changes = 0;
  const tunnel = (id = one) => state.slices.tunnels.states[id];
  return { clock, log, state, engine, access, needed, tunnel, changes: () => changes };
}

describe('a way that is lost', () => {
  it('is shown with its reason until it is back', async () => {
    const { engine, tunnel } = await connected();
    engine.tell({ type: 'way-lost', tunnel: one, error });
    expect(tunnel()).toMatchObject({ status: 'open', trouble: error });
    expect(tunnel(other)).not.toHaveProperty('trouble');
    engine.tell({ type: 'way-restored', tunnel: one });
    expect(tunnel()).not.toHaveProperty('trouble');
  });
});

describe('connections that wait for a certificate', () => {
  it('are shown, and one is asked for', async () => {
    const { engine, tunnel, needed } = await connected();
    engine.tell({ type: 'certificate-needed', tunnel: one });
    expect(tunnel()).toMatchObject({ status: 'open', waiting: 'for-sign-in' });
    expect(needed).toEqual(['needed']);
  });
});

describe('totals', () => {
  const totals = (tunnel: string, bytes: number): TunnelFact => ({
    type: 'traffic',
    tunnel,
    connections: 1,
    bytesSent: bytes,
    bytesReceived: bytes,
  });

  it('of all tunnels change the state once a second, however often they are told', async () => {
    const { clock, engine, tunnel, changes, log } = await connected();
    for (let second = 1; second <= 3; second += 1) {
      for (let each = 1; each <= 50; each += 1) {
        engine.tell(totals(one, second * 100 + each));
        engine.tell(totals(other, each));
      }
      clock.advance(1_000);
      expect(changes()).toBe(second);
    }
    expect(tunnel()).toMatchObject({ traffic: { connections: 1, bytesSent: 350 } });
    clock.advance(60_000);
    expect(changes()).toBe(3);
    expect(log.lines.filter(({ message }) => message.includes('traffic'))).toEqual([]);
  });

  it('that come late do not bring a closed tunnel back', async () => {
    const { clock, engine, tunnel, access } = await connected();
    engine.tell(totals(one, 1));
    await access.close(one);
    clock.advance(1_000);
    expect(tunnel()).toEqual({ status: 'closed' });
  });
});

describe('an engine that was started again', () => {
  it('is logged; its tunnels stay open unless they are told to have failed', async () => {
    const { engine, tunnel, log } = await connected();
    engine.tell({ type: 'failed', tunnel: other, error });
    engine.tell({ type: 'engine-restarted', reason: 'it crashed' });
    expect(tunnel()).toMatchObject({ status: 'open' });
    expect(tunnel(other)).toEqual({ status: 'failed', error });
    expect(log.lines.some(({ level, fields }) => level === 'error' && fields?.['reason'])).toBe(
      true,
    );
  });
});

describe('a proxy', () => {
  it('is chosen for the Access Tier of each tunnel, and its password is in no state and no log', async () => {
    const { engine, state, log } = await connected();
    expect(engine.specs[0]).toMatchObject({
      upstreamProxy: { host: 'proxy-for-echo.demo.localhost' },
    });
    expect(JSON.stringify([state.slices, log.lines])).not.toContain('Basic secret');
  });
});

describe('a connection that is denied without a reason', () => {
  const denied: TunnelFact = {
    type: 'connection-refused',
    tunnel: one,
    target: 'echo.demo.localhost',
    error: new AppError('tunnel/denied', 'The Access Tier closed the connection.').toWire(),
  };
  const event = (correlation_id: string) => ({
    service: one,
    code: 'role' as const,
    reason: 'Your role does not allow this.',
    correlation_id,
  });
  const words = { message: 'Your role does not allow this.', correlationId: 'c-1' };

  it('is shown once, with the words of the event that comes after it', async () => {
    const { clock, engine, access, tunnel, changes, log } = await connected();
    engine.tell(denied);
    expect(tunnel()).not.toHaveProperty('lastRefusal');
    clock.advance(1_999);
    access.onDenied(event('c-1'));
    await settled();
    clock.advance(60_000);
    await settled();
    expect(tunnel()).toMatchObject({ lastRefusal: { error: words } });
    expect(changes()).toBe(1);
    expect(log.lines.filter(({ message }) => message.includes('refused'))).toHaveLength(1);
  });

  it('is shown once, with the words of the event that came before it', async () => {
    const { clock, engine, access, tunnel, changes } = await connected();
    access.onDenied(event('c-1'));
    clock.advance(500);
    engine.tell(denied);
    await settled();
    expect(tunnel()).toMatchObject({ lastRefusal: { error: words } });
    expect(changes()).toBe(1);
  });

  it('is shown bare when no event comes in two seconds', async () => {
    const { clock, engine, tunnel } = await connected();
    engine.tell(denied);
    clock.advance(2_000);
    await settled();
    expect(tunnel()).toMatchObject({ lastRefusal: { error: denied.error } });
  });

  it('does not get the words of an event that is long over', async () => {
    const { clock, engine, access, tunnel } = await connected();
    access.onDenied(event('c-1'));
    clock.advance(10_000);
    engine.tell(denied);
    access.onDenied(event('c-2'));
    await settled();
    expect(tunnel()).toMatchObject({ lastRefusal: { error: { correlationId: 'c-2' } } });
  });

  it('is not what a connection is that a limit has ended: that is shown as such, and the tunnel stays open', async () => {
    const { access, tunnel } = await connected();
    const reason = 'Nothing had passed on it.';
    access.onEnded({ service: one, code: 'inactive', reason, correlation_id: 'c-1' });
    expect(tunnel()).toMatchObject({
      status: 'open',
      lastRefusal: {
        error: { code: 'tunnel/limit-reached', message: reason, details: { limit: 'inactive' } },
      },
    });
  });

  it('is not told of a tunnel that was opened after it', async () => {
    const { clock, engine, access, tunnel } = await connected();
    engine.tell(denied);
    await access.close(one);
    clock.advance(1_000);
    await access.open(one);
    clock.advance(1_000);
    await settled();
    expect(tunnel()).toMatchObject({ status: 'open' });
    expect(tunnel()).not.toHaveProperty('lastRefusal');
  });

  it('that says why itself is shown at once', async () => {
    const { engine, tunnel } = await connected();
    const error = { ...denied.error, details: { refusal: 'target_not_allowed' } };
    engine.tell({ ...denied, error });
    expect(tunnel()).toMatchObject({ lastRefusal: { error } });
  });
});

describe('a tunnel that is open while the certificate has expired', () => {
  it('is not closed by another port or another definition, which it could not open with', async () => {
    const { engine, access, tunnel } = await connected();
    const port = (await findFreePort())!;
    access.lapse();
    expect(await access.override(one, port)).toMatchObject({ port, source: 'override' });
    const changed = aService({ domain: 'moved.demo.localhost' });
    access.onServices([changed, aService({ id: other })]);
    await settled();
    expect(engine.closed).toEqual([]);
    expect(tunnel()).toMatchObject({ status: 'open', address: { port: 41_001 } });
    access.setCredentials({ key: 'key', certificate: 'new', ca: 'ca' });
    access.onServices([changed, aService({ id: other })]);
    await settled();
    expect(engine.closed).toEqual([one]);
    expect(tunnel()).toMatchObject({ status: 'open', address: { port } });
  });
});
