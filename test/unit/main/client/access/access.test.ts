import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createAccess } from '../../../../../src/main/client/access/access.ts';
import { findFreePort } from '../../../../../src/main/client/adapters/port-holder.ts';
import { systemClock } from '../../../../../src/main/client/adapters/system-clock.ts';
import { createState } from '../../../../../src/main/client/state.ts';
import type { Engine, TunnelSpec } from '../../../../../src/proxy/index.ts';
import { AppError, remedy } from '../../../../../src/shared/errors.ts';
import type { Service } from '../../../../../src/shared/model/service.ts';
import type { LocalAddress } from '../../../../../src/shared/model/tunnel.ts';
import { recordingLog } from '../../../../fakes/recording-log.ts';
import { aService } from '../../../../support/services.ts';
import { tempDir } from '../../../../support/temp-dir.ts';
import { until } from '../../../../support/until.ts';

const id = 'echo.demo.bnn';
const person = { subject: 's', name: 'Amara', email: 'amara@demo.bnn', groups: [] };

/** Signed in, with the services listed, over an engine that does what it is told. */
async function aSignedInAccess(
  services: ReturnType<typeof aService>[],
  open: (spec: TunnelSpec) => Promise<LocalAddress>,
  saved = {},
  connectsByItself?: (service: Service) => boolean,
) {
  const portsFile = path.join(tempDir(), 'org', 'ports.json');
  mkdirSync(path.dirname(portsFile), { mode: 0o700 });
  writeFileSync(portsFile, JSON.stringify({ version: 1, chosen: {}, overrides: {}, ...saved }));
  const log = recordingLog();
  const state = createState(log);
  state.session({ type: 'sign-in-started', at: 0 });
  state.session({ type: 'signed-in', person, expiresAt: Number.MAX_SAFE_INTEGER });
  state.catalog({ status: 'current', services });
  const engine: Engine = {
    open,
    close: () => Promise.resolve(),
    setCredentials: () => Promise.resolve(),
    refuseHeld: () => {},
    checkWays: () => {},
    stop: () => Promise.resolve(),
  };
  const access = createAccess({
    ports: { clock: systemClock, log, createEngine: () => engine },
    state,
    ...(connectsByItself && { connectsByItself }),
  });
  access.setCredentials({ key: 'key', certificate: 'certificate', ca: 'ca' });
  await access.useOrganisation(portsFile);
  const chosen = (): unknown =>
    (JSON.parse(readFileSync(portsFile, 'utf8')) as { chosen: unknown }).chosen;
  return { access, state, chosen };
}

/** Every port but the given ones is free; 0 gives a new one each time. */
function anEngineWithout(taken: readonly number[]) {
  let next = 41_000;
  const asked: number[] = [];
  const open = ({ listen }: TunnelSpec): Promise<LocalAddress> => {
    asked.push(listen.port);
    if (taken.includes(listen.port)) {
      return Promise.reject(new AppError('tunnel/port-in-use', 'It is in use.'));
    }
    return Promise.resolve({ host: listen.host, port: listen.port || (next += 1) });
  };
  return { open, asked };
}

describe('a port that was chosen by us earlier and is taken now', () => {
  it('gives way to a new one, which is kept', async () => {
    const { open, asked } = anEngineWithout([40_123]);
    const service = aService({ allowUserOverride: false });
    const saved = { chosen: { [id]: 40_123 } };
    const { access, state, chosen } = await aSignedInAccess([service], open, saved);
    expect(await access.open(id)).toMatchObject({ status: 'open', address: { port: 41_001 } });
    expect(asked).toEqual([40_123, 0]);
    expect(chosen()).toEqual({ [id]: 41_001 });
    expect(state.slices.tunnels.ports[id]).toMatchObject({ port: 41_001, source: 'chosen' });
  });
});

describe('a port that somebody decided on and that is taken', () => {
  it.each([
    ['the administrator', { assignedPort: 8081 }, {}],
    ['the person', {}, { overrides: { [id]: 8081 } }],
  ])('is not replaced behind the back of %s', async (_who, parts, saved) => {
    const { open, asked } = anEngineWithout([8081]);
    const { access, chosen } = await aSignedInAccess([aService(parts)], open, saved);
    await expect(access.open(id)).rejects.toMatchObject({ code: 'tunnel/port-in-use' });
    expect(asked).toEqual([8081]);
    expect(chosen()).toEqual({});
  });
});

describe('another port', () => {
  it('that is taken is refused while nothing is open too, and is not kept', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void taken.close());
    const { port } = taken.address() as AddressInfo;
    const { access, state } = await aSignedInAccess([aService()], anEngineWithout([port]).open);
    const refused = access.override(id, port);
    await expect(refused).rejects.toMatchObject({ code: 'tunnel/port-in-use' });
    expect(state.slices.tunnels.ports[id]).not.toMatchObject({ port });
  });

  it('at an address that the network can reach is refused, and is not kept', async () => {
    const { access, state } = await aSignedInAccess([aService()], anEngineWithout([]).open);
    for (const host of ['0.0.0.0', '192.0.2.1', '::', 'localhost']) {
      await expect(access.override(id, 9000, host)).rejects.toMatchObject({
        code: 'tunnel/address-not-loopback',
        message: expect.stringContaining('anybody in the network') as string,
      });
    }
    expect(state.slices.tunnels.ports[id]).not.toMatchObject({ port: 9000 });
  });

  it('leaves the own address as it is, unless it names one', async () => {
    const saved = { overrides: { [id]: 8081 }, hosts: { [id]: '127.0.0.2' } };
    const { access } = await aSignedInAccess([aService()], anEngineWithout([]).open, saved);
    const free = (await findFreePort('127.0.0.2'))!;
    const own = { host: '127.0.0.2', port: free, source: 'override' };
    expect(await access.override(id, free)).toEqual(own);
    const usual = { ...own, host: '127.0.0.1' };
    expect(await access.override(id, free, '127.0.0.1')).toEqual(usual);
  });

  it.each([
    ['tunnel/port-in-use', 'closed'],
    ['tunnel/listen-failed', 'closed'],
    ['tunnel/address-not-available', 'closed'],
    ['tunnel/unreachable', 'failed'],
  ] as const)('after %s leaves the service %s', async (code, status) => {
    const saved = { overrides: { [id]: 8081 } };
    const open = () => Promise.reject(new AppError(code, 'No.'));
    const { access, state } = await aSignedInAccess([aService()], open, saved);
    await expect(access.open(id)).rejects.toMatchObject({ code });
    await access.override(id, null);
    expect(state.slices.tunnels.states[id]?.status).toBe(status);
  });
});

describe('the error of a taken port', () => {
  it('names the program, and offers a free port to those who may choose', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void taken.close());
    const { port } = taken.address() as AddressInfo;
    const service = aService({ assignedPort: port });
    const { access } = await aSignedInAccess([service], anEngineWithout([port]).open);
    const error = (await access.open(id).catch((reason: unknown) => reason)) as AppError;
    expect(error).toMatchObject({ code: 'tunnel/port-in-use', details: { port, mayChoose: true } });
    const { suggestedPort, holder } = error.details ?? {};
    expect(suggestedPort).toBeTypeOf('number');
    expect(suggestedPort).not.toBe(port);
    if (process.platform === 'linux') expect(holder).toContain(`(${process.pid})`);
    expect(remedy(error.toWire())).toMatchObject({
      action: 'choose-port',
      advice: expect.stringContaining(String(suggestedPort)) as string,
    });
  });

  it('offers nothing to those who may not, and leaves other services alone', async () => {
    const service = aService({ assignedPort: 8081, allowUserOverride: false });
    const other = aService({ id: 'other.demo.bnn' });
    const { access, state } = await aSignedInAccess([service, other], anEngineWithout([8081]).open);
    await access.open(other.id);
    const error = (await access.open(id).catch((reason: unknown) => reason)) as AppError;
    expect(error.details).toMatchObject({ port: 8081, mayChoose: false });
    expect(error.details).not.toHaveProperty('suggestedPort');
    expect(remedy(error.toWire())).toMatchObject({
      action: 'retry',
      advice: expect.stringContaining('administrator') as string,
    });
    expect(state.slices.tunnels.states).toMatchObject({
      [other.id]: { status: 'open' },
      [id]: { status: 'failed', error: { details: { mayChoose: false } } },
    });
  });

  it('names the service of ours that has it', async () => {
    const services = [aService({ id: 'one.demo.bnn', friendlyName: 'One' }), aService()];
    const open = ({ id: tunnel, listen }: TunnelSpec): Promise<LocalAddress> =>
      tunnel === id
        ? Promise.reject(new AppError('tunnel/port-in-use', 'It is in use.'))
        : Promise.resolve({ ...listen, port: 8081 });
    const saved = { overrides: { [id]: 8081 } };
    const { access } = await aSignedInAccess(services, open, saved);
    await access.open('one.demo.bnn');
    await expect(access.open(id)).rejects.toMatchObject({
      message: 'Port 8081 is in use by Banyan, for One.',
    });
  });

  it('that may not be opened at all says who can change it', async () => {
    const service = aService({ assignedPort: 80, allowUserOverride: false });
    const { access } = await aSignedInAccess([service], () =>
      Promise.reject(new AppError('tunnel/listen-failed', 'Port 80 is not for you.')),
    );
    const error = (await access.open(id).catch((reason: unknown) => reason)) as AppError;
    expect(remedy(error.toWire())).toEqual({
      action: 'retry',
      advice: 'Ask your administrator to assign another port.',
    });
  });
});

describe('services that open at the same moment', () => {
  it('all keep the port that was chosen for them', async () => {
    const ids = Array.from({ length: 10 }, (_, index) => `s${index}.demo.bnn`);
    const services = ids.map((each) => aService({ id: each }));
    const { access, chosen } = await aSignedInAccess(services, anEngineWithout([]).open);
    await Promise.all(ids.map((each) => access.open(each)));
    expect(Object.keys(chosen() as object).toSorted()).toEqual(ids);
  });
});

describe('services that start by themselves', () => {
  const autorun = (count: number) =>
    Array.from({ length: count }, (_, index) =>
      aService({ id: `s${index}.demo.bnn`, autorun: true }),
    );

  it('do not where the person has turned that off, and do once it is on again', async () => {
    let isOn = false;
    const services = autorun(1);
    const { open } = anEngineWithout([]);
    const { access, state } = await aSignedInAccess(services, open, {}, () => isOn);
    access.onServices(services);
    expect(state.slices.tunnels.states).toEqual({});
    isOn = true;
    access.onServices(services);
    await until(() =>
      Promise.resolve(state.slices.tunnels.states['s0.demo.bnn']?.status === 'open'),
    );
  });

  it('open at most eight at a time, and all of them in the end, whatever fails', async () => {
    let [open, most] = [0, 0];
    const services = autorun(40);
    const { access, state } = await aSignedInAccess(services, async ({ id: tunnel, listen }) => {
      open += 1;
      most = Math.max(most, open);
      await new Promise((resolve) => setTimeout(resolve, 2));
      open -= 1;
      if (tunnel === 's3.demo.bnn') throw new AppError('tunnel/unreachable', 'Nobody answers.');
      return { ...listen, port: 41_000 };
    });
    access.onServices(services);
    access.onServices(services);
    await until(() => {
      const { states } = state.slices.tunnels;
      const settled = Object.values(states).filter(
        ({ status }) => status === 'open' || status === 'failed',
      );
      return Promise.resolve(settled.length === services.length);
    });
    expect(most).toBe(8);
    expect(state.slices.tunnels.states['s3.demo.bnn']).toMatchObject({ status: 'failed' });
  });

  it('do not start any more when the person has signed out before their turn', async () => {
    const started: string[] = [];
    const services = autorun(20);
    let goOn = (): void => {};
    const gate = new Promise<void>((resolve) => (goOn = resolve));
    const { access, state, chosen } = await aSignedInAccess(
      services,
      async ({ id: tunnel, listen }) => {
        started.push(tunnel);
        await gate;
        return { ...listen, port: 41_000 };
      },
    );
    access.onServices(services);
    access.setCredentials(null);
    await access.closeAll();
    state.session({ type: 'signed-out' });
    goOn();
    // Their ports are still written, and nothing else: the folder goes with the test.
    await until(() => Promise.resolve(Object.keys(chosen() as object).length === 8));
    expect(started).toHaveLength(8);
  });

  it('do so from the next sign-in when the person has chosen that just now, and not at once', async () => {
    let isOn = false;
    const services = [aService({ id })];
    const { open } = anEngineWithout([]);
    const { access, state } = await aSignedInAccess(services, open, {}, () => isOn);
    access.onServices(services);
    isOn = true;
    access.leaveUntilSignIn(id);
    access.onServices(services); // as at any change of the catalogue
    expect(state.slices.tunnels.states).toEqual({});
    access.lapse();
    access.setCredentials({ key: 'key', certificate: 'certificate', ca: 'ca' });
    access.onServices(services);
    await until(() => Promise.resolve(state.slices.tunnels.states[id]?.status === 'open'));
  });

  it('do not start any more when they were switched off before their turn', async () => {
    const started: string[] = [];
    const services = autorun(9);
    let goOn = (): void => {};
    const gate = new Promise<void>((resolve) => (goOn = resolve));
    const { access, chosen } = await aSignedInAccess(services, async ({ id: tunnel, listen }) => {
      started.push(tunnel);
      await gate;
      return { ...listen, port: 41_000 };
    });
    access.onServices(services);
    access.leaveUntilSignIn('s8.demo.bnn');
    goOn();
    await until(() => Promise.resolve(Object.keys(chosen() as object).length === 8));
    expect(started).not.toContain('s8.demo.bnn');
  });
});
