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
    onSessionEnded: () => told.push('session ended'),
    onDeviceRevoked: () => told.push('device revoked'),
    onRefused: () => told.push('refused'),
  });
  return { catalog, state, told, asked: () => asked };
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

  const refusal = (status: number, code?: string): Answer => ({
    status,
    headers: {},
    body: JSON.stringify({ type: 'about:blank', title: 'No', status, detail: 'No.', code }),
  });

  it.each([
    [401, 'certificate_missing', 'device/certificate-refused', []],
    [401, 'certificate_invalid', 'device/certificate-refused', []],
    [401, 'certificate_expired', 'device/certificate-refused', []],
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
