import { describe, expect, it } from 'vitest';
import { createAccess } from '../../../../../src/main/client/access/access.ts';
import { chosenNotices } from '../../../../../src/main/client/settings/chosen-notices.ts';
import { createState } from '../../../../../src/main/client/state.ts';
import { AppError, type WireError } from '../../../../../src/shared/errors.ts';
import { manualClock } from '../../../../fakes/manual-clock.ts';
import { recordingLog } from '../../../../fakes/recording-log.ts';
import { scriptedEngine } from '../../../../fakes/scripted-engine.ts';
import { aService } from '../../../../support/services.ts';

const refusedBy = (refusal: string, message: string): WireError => ({
  code: 'tunnel/denied',
  message,
  details: { refusal },
});
const noRole = refusedBy('role', 'Your role does not include it.');
const MINUTE_MS = 60_000;

/** Signed in, with what would be shown to the person; services that she has opened unless they begin by themselves. */
async function aPerson(names: string[], { autorun = false, wantsTrouble = true } = {}) {
  const clock = manualClock();
  const log = recordingLog();
  const shown: { title: string; body: string }[] = [];
  const notifier = chosenNotices(
    { show: ({ title, body }) => void shown.push({ title, body }) },
    {
      current: () => ({
        version: 1,
        activeOrganisation: null,
        notifications: { session: true, update: true, trouble: wantsTrouble },
      }),
    },
  );
  const state = createState(log);
  const services = names.map((name) =>
    aService({ id: `${name}.demo.bnn`, name, friendlyName: name, autorun }),
  );
  let failure: (() => AppError) | null = null;
  const engine = scriptedEngine({
    open: ({ listen: { host } }) =>
      failure ? Promise.reject(failure()) : Promise.resolve({ host, port: 40_000 }),
  });
  const access = createAccess({
    ports: {
      clock,
      log,
      ...(notifier && { notifier }),
      createEngine: engine.create,
    },
    state,
  });
  state.catalog({ status: 'current', services });
  access.setCredentials({ key: 'key', certificate: 'certificate', ca: 'ca' });
  const id = (name: string): string => `${name}.demo.bnn`;
  if (!autorun) for (const name of names) await access.open(id(name));
  return {
    access,
    shown,
    clock,
    services,
    list: (listed: typeof services) => {
      state.catalog({ status: 'current', services: listed });
      access.onServices(listed);
    },
    refuseAll: (error: () => AppError) => (failure = error),
    /** A program uses the port, and the Access Tier says no. */
    refuse: (name: string, error: WireError) =>
      engine.tell({ type: 'connection-refused', tunnel: id(name), target: '', error }),
    use: (name: string, answered = true) => {
      const of = { tunnel: id(name), connection: 1, target: '' };
      engine.tell({ type: 'connection-opened', ...of });
      engine.tell({
        type: 'connection-closed',
        ...of,
        startedAt: clock.now(),
        bytesSent: 1,
        bytesReceived: answered ? 1 : 0,
        firstByteMs: answered ? 1 : null,
        durationMs: 1,
        ended: 'finished',
      });
    },
    /** All that is told together is told. */
    soon: async () => {
      await new Promise((resolve) => setTimeout(resolve, 0));
      clock.advance(1_000);
      return shown.splice(0);
    },
  };
}

describe('a service that policy refuses', () => {
  it('is told with the reason, once however many connections are refused', async () => {
    const { refuse, soon } = await aPerson(['Payroll']);
    for (let count = 0; count < 20; count += 1) refuse('Payroll', noRole);
    expect(await soon()).toEqual([
      {
        title: 'You may not use Payroll now',
        body: 'Your role does not include it. Ask your administrator for access.',
      },
    ]);
    refuse('Payroll', noRole);
    expect(await soon()).toEqual([]);
  });

  it('is told together with the others that the same check closes', async () => {
    const names = ['One', 'Two', 'Three', 'Four', 'Five'];
    const { services, list, soon } = await aPerson(names);
    const denied = { status: 'denied', code: 'role', reason: noRole.message } as const;
    list(services.map((service) => ({ ...service, access: denied })));
    expect(await soon()).toMatchObject([
      { title: 'You may not use One, Two, Three and 2 more now' },
    ]);
  });

  it('is told once where the others that the same check closes follow one by one', async () => {
    const { refuse, clock, soon } = await aPerson(['One', 'Two', 'Three']);
    refuse('One', noRole);
    expect(await soon()).toHaveLength(1);
    refuse('Two', noRole);
    expect(await soon()).toEqual([]);
    refuse('Three', refusedBy('trust_level', 'Too low.'));
    expect(await soon()).toMatchObject([{ title: 'You may not use Three now' }]);
    clock.advance(10 * MINUTE_MS);
    refuse('Two', noRole);
    expect(await soon()).toMatchObject([{ title: 'You may not use Two now' }]);
  });

  it('is news again when it worked in between, and not more often than every ten minutes', async () => {
    const { refuse, use, clock, soon } = await aPerson(['Payroll']);
    refuse('Payroll', noRole);
    expect(await soon()).toHaveLength(1);
    use('Payroll');
    refuse('Payroll', noRole);
    expect(await soon()).toEqual([]);
    clock.advance(10 * MINUTE_MS);
    use('Payroll', false);
    refuse('Payroll', noRole);
    expect(await soon()).toEqual([]);
    use('Payroll');
    refuse('Payroll', noRole);
    expect(await soon()).toHaveLength(1);
  });

  it('is told no more often because another check refuses it', async () => {
    const { refuse, soon } = await aPerson(['Payroll']);
    for (let check = 0; check < 50; check += 1) {
      refuse('Payroll', refusedBy(`check-${check}`, 'No.'));
    }
    expect(await soon()).toHaveLength(1);
  });

  it('is not told where a program asked for an address that is not part of it', async () => {
    const { refuse, soon } = await aPerson(['Payroll']);
    refuse('Payroll', { code: 'tunnel/target-refused', message: 'No.' });
    expect(await soon()).toEqual([]);
  });

  it('is not told to who does not want it, nor to the next person', async () => {
    const unwanted = await aPerson(['Payroll'], { wantsTrouble: false });
    unwanted.refuse('Payroll', noRole);
    expect(await unwanted.soon()).toEqual([]);
    const { refuse, access, soon } = await aPerson(['Payroll']);
    refuse('Payroll', noRole);
    await access.closeAll();
    expect(await soon()).toEqual([]);
  });
});

describe('a port that is taken', () => {
  const taken = new AppError('tunnel/port-in-use', 'Port 8081 is in use by nginx.');

  it('is told where the service connects by itself', async () => {
    const { refuseAll, services, list, soon } = await aPerson(['Payroll'], { autorun: true });
    refuseAll(() => taken);
    list(services);
    expect(await soon()).toMatchObject([
      {
        title: 'No free port for Payroll',
        body: expect.stringContaining('Port 8081 is in use by nginx.'),
      },
    ]);
  });

  it('is told once for however many, each with a port of its own', async () => {
    const names = Array.from({ length: 100 }, (_, index) => `S${index}`);
    const { refuseAll, services, list, soon } = await aPerson(names, { autorun: true });
    let port = 0;
    refuseAll(() => new AppError('tunnel/port-in-use', `Port ${(port += 1)} is in use.`));
    list(services);
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(await soon()).toMatchObject([
      { title: 'No free port for S0, S1, S2 and 97 more', body: expect.stringContaining('Port 1') },
    ]);
  });

  it('is not told where a person has just asked for it: she sees the answer there', async () => {
    const { refuseAll, access, soon } = await aPerson(['Payroll'], { autorun: true });
    refuseAll(() => taken);
    await expect(access.open('Payroll.demo.bnn')).rejects.toThrow('Port 8081');
    expect(await soon()).toEqual([]);
  });
});
