import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createCatalog } from '../../../../../src/main/client/catalog/catalog.ts';
import type { Membership } from '../../../../../src/main/client/device/membership.ts';
import type { Answer } from '../../../../../src/main/client/organisation/connection.ts';
import { createState } from '../../../../../src/main/client/state.ts';
import { manualClock } from '../../../../fakes/manual-clock.ts';
import { recordingLog } from '../../../../fakes/recording-log.ts';

const EMPTY: Answer = {
  status: 200,
  headers: {},
  body: JSON.stringify({ version: 1, services: [] }),
};

/** A catalogue whose requests are answered by the test, one function per request. */
function aCatalog(answers: (() => Promise<Answer>)[]) {
  const told: string[] = [];
  const log = recordingLog();
  const state = createState(log);
  let asked = 0;
  const ask = (): Promise<Answer> => answers[asked++]?.() ?? Promise.reject(new Error('no answer'));
  const membership = {
    document: { name: 'Demo', command_center: 'https://demo.example/api' },
    connection: { ask },
  } as unknown as Membership;
  const catalog = createCatalog({
    ports: { clock: manualClock(), log },
    state,
    access: () => ({ membership, trustToken: 'token' }),
    onListed: () => {},
    onServices: () => {},
    onDenied: () => {},
    onEnded: () => {},
    onSessionEnded: () => told.push('session ended'),
    onDeviceRevoked: () => told.push('device revoked'),
    onRefused: () => told.push('refused'),
  });
  return { catalog, state, told, log, asked: () => asked };
}

describe('the catalogue', () => {
  it('asks again for whoever asked during a request that failed', async () => {
    let fail = (): void => {};
    const { catalog, state, asked } = aCatalog([
      () => new Promise((_, reject) => (fail = () => reject(new Error('broken off')))),
      () => Promise.resolve(EMPTY),
    ]);
    void catalog.refresh();
    const second = catalog.refresh();
    fail();
    expect(await second).toEqual({ status: 'current', services: [] });
    expect(asked()).toBe(2);
    expect(state.slices.catalog.status).toBe('current');
  });

  it('keeps a remote desktop without a line that is not taken, and the log says which and why', async () => {
    const desktop = {
      id: 'fin.demo.bnn',
      name: 'fin',
      domain: 'fin.demo.localhost',
      access_tier: 'fin.demo.localhost:8443',
      service_app_type: 'RDP',
      rdp_settings: ['audiomode:i:1', 'password 51:b:5EC2E7'],
    };
    const body = JSON.stringify({ version: 1, services: [desktop] });
    const { catalog, log } = aCatalog([() => Promise.resolve({ ...EMPTY, body })]);
    const { services } = await catalog.refresh();
    expect(services).toMatchObject([{ id: desktop.id, rdpSettings: ['audiomode:i:1'] }]);
    expect(log.lines).toMatchObject([
      {
        level: 'warn',
        fields: {
          service: desktop.id,
          problem: 'rdp_settings[1]: password 51 is not taken: it is not the same for everybody',
        },
      },
    ]);
  });

  const refusal = (status: number, code?: string): Answer => ({
    status,
    headers: {},
    body: JSON.stringify({ type: 'about:blank', title: 'No', status, detail: 'No.', code }),
  });

  it.each([
    [401, 'certificate_missing', 'device/certificate-refused', []],
    [401, 'certificate_invalid', 'device/certificate-refused', []],
    [401, 'certificate_expired', 'device/certificate-expired', []],
    [403, 'device_revoked', 'device/certificate-refused', ['device revoked']],
    [401, 'session_ended', 'identity/session-expired', ['refused']],
    [401, undefined, 'identity/session-expired', ['refused']],
  ] as const)(
    'that answers %s %s is refused as %s',
    async (status, refused, code, consequences) => {
      const { catalog, told } = aCatalog([() => Promise.resolve(refusal(status, refused))]);
      await expect(catalog.refresh()).rejects.toMatchObject({ code });
      expect(told).toEqual(consequences);
    },
  );
});

describe('the event stream', () => {
  /** Streams that stay open until they are aborted; requests for the list are always answered. */
  function followed(open: () => boolean) {
    const clock = manualClock();
    const asked: number[] = [];
    let current = 0;
    const stream = ({ signal }: { signal: AbortSignal }) => {
      asked.push(clock.now());
      if (!open()) return Promise.reject(new Error('no network'));
      current += 1;
      const body = new PassThrough();
      body.on('error', () => {});
      signal.addEventListener('abort', () => {
        current -= 1;
        body.destroy(new Error('aborted'));
      });
      return Promise.resolve({ status: 200, body });
    };
    const membership = {
      document: { name: 'Demo', command_center: 'https://demo.example/api' },
      connection: { ask: () => Promise.resolve(EMPTY), stream },
    } as unknown as Membership;
    const log = recordingLog();
    const catalog = createCatalog({
      ports: { clock, log },
      state: createState(log),
      access: () => ({ membership, trustToken: 'token' }),
      onListed: () => {},
      onServices: () => {},
      onDenied: () => {},
      onEnded: () => {},
      onSessionEnded: () => {},
      onDeviceRevoked: () => {},
      onRefused: () => {},
    });
    const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2));
    return { catalog, clock, asked, settled, current: () => current };
  }

  it('is opened anew on another network, within half a second, and only once', async () => {
    const { catalog, clock, asked, settled, current } = followed(() => true);
    catalog.start();
    await settled();
    catalog.again();
    catalog.again();
    await settled();
    clock.advance(500);
    await settled();
    expect(asked).toHaveLength(2);
    expect(current()).toBe(1);
    clock.advance(60_000);
    await settled();
    expect(asked).toHaveLength(2);
    catalog.stop();
    expect(current()).toBe(0);
  });

  it('that waits for its next try after a long time away does not wait on another network', async () => {
    let isOnline = false;
    const { catalog, clock, asked, settled, current } = followed(() => isOnline);
    catalog.start();
    for (let second = 0; second < 120; second += 1) {
      await settled();
      clock.advance(1_000);
    }
    await settled();
    const before = asked.length;
    // Backs off: 1, 2, 4 … 30 s.
    expect(before).toBeLessThan(15);
    isOnline = true;
    catalog.again();
    clock.advance(500);
    await settled();
    expect(current()).toBe(1);
    expect(asked).toHaveLength(before + 1);
    catalog.stop();
  });

  it('is not opened once the catalogue has stopped', async () => {
    const { catalog, clock, asked, settled } = followed(() => true);
    catalog.start();
    await settled();
    catalog.again();
    catalog.stop();
    await settled();
    clock.advance(60_000);
    await settled();
    expect(asked).toHaveLength(1);
  });
});
