// @vitest-environment happy-dom
// How to use a service: the ways by type, the entries that can be added, and what is shown before Connect.
import { describe, expect, it } from 'vitest';
import type { ClientProgram } from '../../../src/shared/model/client-program.ts';
import type { ConfigEntry, Programs } from '../../../src/shared/model/program.ts';
import type { PortChoice, Service } from '../../../src/shared/model/service.ts';
import type { Tunnel } from '../../../src/shared/model/tunnel.ts';
import type { Snapshot } from '../../../src/shared/ipc/contract.ts';
import { aService, aSnapshot } from '../../fixtures/snapshots.ts';
import { renderApp } from '../../support/render-app.tsx';
import type { FakeBridge } from '../../fakes/fake-bridge.ts';

const open: Tunnel = {
  status: 'open',
  address: { host: '127.0.0.1', port: 5433 },
  openedAt: 0,
};
const CONFIG = '/home/adam/.ssh/config';
const programs = (
  entries: readonly ConfigEntry[] = [],
  clusters: readonly ConfigEntry[] = [],
  installed: readonly ClientProgram[] = [],
): Programs => ({
  ssh: { file: CONFIG, entries },
  kubernetes: { file: '/home/adam/.kube/banyan', entries: clusters },
  contexts: { file: '/home/adam/.kube/config', entries: [] },
  installed,
});

/** The details of one service. */
async function show(
  change: Partial<Service>,
  tunnel: Tunnel = open,
  prepare: (fake: FakeBridge) => void = (fake) => fake.answer('program.look', () => programs()),
  app: Partial<Snapshot['app']> = {},
  ports: Readonly<Record<string, PortChoice>> = {},
) {
  const service = aService(change);
  const slices = {
    catalog: { status: 'current' as const, services: [service] },
    tunnels: { states: { [service.id]: tunnel }, ports },
  };
  const shown = await renderApp(aSnapshot(slices, app), prepare);
  await shown.click(`Details of ${service.friendlyName}`);
  return shown;
}

const tabs = (): string[] =>
  [...document.querySelectorAll('[role=tab]')].map((tab) => tab.textContent);
const lines = (): string[] =>
  [...document.querySelectorAll('[role=tabpanel]:not([hidden]) code')].map(
    (line) => line.textContent,
  );
const theSwitch = (): HTMLElement | null => document.querySelector('.entry [role=switch]');

describe('ways to use a service', () => {
  it.each<[Partial<Service>, string[], string[]]>([
    [
      { type: 'DATABASE', name: 'orders', friendlyName: 'Orders' },
      ['psql', 'mysql', 'redis-cli'],
      ['psql --host=127.0.0.1 --port=5433', 'postgresql://127.0.0.1:5433/'],
    ],
    [
      { type: 'K8S', mode: 'CHAIN' },
      ['kubectl', 'My context'],
      ['https_proxy=http://127.0.0.1:5433 kubectl get pods'],
    ],
    [
      { type: 'GENERIC', mode: 'CHAIN' },
      ['Proxy', 'Browser', 'curl', 'Terminal'],
      ['127.0.0.1', '5433'],
    ],
    [{ type: 'GENERIC' }, ['If it is HTTP', 'With certificates'], ['curl http://127.0.0.1:5433/']],
  ])('of %o', async (change, names, first) => {
    await show(change);
    expect(tabs()).toEqual(names);
    expect(lines()).toEqual(first);
  });

  it('are written for PowerShell on Windows', async () => {
    const shown = await show({ type: 'GENERIC' }, open, undefined, { platform: 'win32' });
    expect(shown.text()).toContain('Commands are written for PowerShell.');
    expect(lines()).toEqual(['curl.exe http://127.0.0.1:5433/']);
  });

  it('are shown before Connect where the port is known, and said to need it', async () => {
    const shown = await show({ type: 'DATABASE', assignedPort: 5432 }, { status: 'closed' });
    expect(shown.text()).toContain('Works as soon as you connect.');
    expect(lines()[0]).toBe('psql --host=127.0.0.1 --port=5432');
  });

  it('name the address that the person has chosen, before Connect too', async () => {
    const change = { type: 'DATABASE', name: 'orders', id: 'orders.cluster1.bnn' } as const;
    const own: PortChoice = { host: '127.0.0.2', port: 6000, source: 'override' };
    await show(change, { status: 'closed' }, undefined, {}, { [change.id]: own });
    expect(lines()[0]).toBe('psql --host=127.0.0.2 --port=6000');
  });

  it('wait for the first Connect where nobody knows the port yet', async () => {
    const shown = await show({ type: 'DATABASE' }, { status: 'closed' });
    expect(shown.text()).toContain('Connect, and the command to use it with appears here.');
    expect(tabs()).toEqual([]);
  });
});

describe('the switch for SSH', () => {
  const bastion = { type: 'SSH', name: 'bastion' } as const;

  it('says what it would write where, writes it, and then shows the short commands', async () => {
    const shown = await show(bastion, { status: 'closed' }, (fake) => {
      fake.answer('program.look', () => programs());
      fake.answer('program.setSsh', ({ service, isOn }) =>
        programs(isOn && service ? [{ service, name: 'bastion' }] : []),
      );
    });
    expect(shown.text()).toContain(`one Include line at the top of ${CONFIG}`);
    expect(theSwitch()?.getAttribute('aria-checked')).toBe('false');
    await shown.act(() => theSwitch()?.click());
    expect(shown.fake.calls.at(-1)).toEqual({
      name: 'program.setSsh',
      input: { service: 'bastion.cluster1.bnn', isOn: true },
    });
    expect(theSwitch()?.getAttribute('aria-checked')).toBe('true');
    expect(lines()).toEqual(['ssh bastion']);
    expect(shown.text()).not.toContain('as soon as you connect');
  });

  it('stays as it is where the file could not be written, and says why', async () => {
    const shown = await show(bastion, open, (fake) => {
      fake.answer('program.look', () => programs());
      fake.refuse('program.setSsh', 'client/storage-failed', `${CONFIG} is read-only.`);
    });
    await shown.act(() => theSwitch()?.click());
    expect(shown.text()).toContain(`${CONFIG} is read-only.`);
    expect(theSwitch()?.getAttribute('aria-checked')).toBe('false');
  });

  it('looks again when the person comes back to the window: she may have edited the file', async () => {
    let seen = programs();
    const shown = await show(bastion, open, (fake) => fake.answer('program.look', () => seen));
    expect(theSwitch()?.getAttribute('aria-checked')).toBe('false');
    seen = programs([{ service: 'bastion.cluster1.bnn', name: 'bastion' }]);
    await shown.act(() => window.dispatchEvent(new Event('focus')));
    expect(theSwitch()?.getAttribute('aria-checked')).toBe('true');
  });

  it('is not there where the administrator wants no entry, or this client can write none', async () => {
    await show({ ...bastion, keepsOutOfSshConfig: true });
    expect(theSwitch()).toBeNull();
    await show(bastion, open, (fake) =>
      fake.answer('program.look', () => ({ ...programs(), ssh: null })),
    );
    expect(theSwitch()).toBeNull();
  });

  it('tells of SSH certificates, which the commands use', async () => {
    const shown = await show({ ...bastion, sshCertificates: 'BOTH' });
    expect(shown.text()).toContain('knows you by an SSH certificate');
    expect(lines()[0]).toContain('IdentityFile=');
  });
});

describe('the switch for Kubernetes', () => {
  const cluster = { type: 'K8S', mode: 'CHAIN', name: 'dev', kubeCa: 'LS0t' } as const;

  it('writes a cluster, and then shows the command that uses it', async () => {
    const shown = await show(cluster, open, (fake) => {
      fake.answer('program.look', () => programs());
      fake.answer('program.setKubernetes', ({ service }) =>
        programs([], [{ service: service ?? '', name: 'dev' }]),
      );
    });
    expect(shown.text()).toContain('Writes “dev” into /home/adam/.kube/banyan');
    await shown.act(() => theSwitch()?.click());
    expect(theSwitch()?.getAttribute('aria-checked')).toBe('true');
    expect(tabs()).toEqual(['Cluster', 'kubectl']);
    expect(lines()).toEqual([
      'KUBECONFIG=/home/adam/.kube/config:/home/adam/.kube/banyan kubectl --context dev get pods',
    ]);
  });

  it('is not there without the certificate of the cluster', async () => {
    await show({ type: 'K8S', mode: 'CHAIN' });
    expect(theSwitch()).toBeNull();
  });
});

describe('a remote desktop', () => {
  const desktop = { type: 'RDP', name: 'fin' } as const;

  it('is opened by name alone, and its file is saved where the client says', async () => {
    const shown = await show(desktop, open, (fake) => {
      fake.answer('program.saveRdp', () => ({ file: '/home/adam/Downloads/fin.rdp' }));
      fake.refuse('program.openRdp', 'program/not-installed', 'No program opens .rdp files.');
    });
    await shown.click('Open remote desktop');
    expect(shown.fake.calls.at(-1)?.input).toEqual({ service: 'fin.cluster1.bnn' });
    expect(shown.text()).toContain('No program opens .rdp files.');
    await shown.click('Save as .rdp file');
    expect(shown.text()).toContain('Saved as /home/adam/Downloads/fin.rdp');
    expect(shown.text()).not.toContain('No program opens');
  });

  it('cannot be opened from a browser tab, which may be on another computer', async () => {
    const shown = await show(desktop, open, undefined, { desktop: null });
    expect(shown.button('Open remote desktop')).toBeUndefined();
    expect(shown.button('Save as .rdp file')).toBeDefined();
  });

  it('opens once it is connected', async () => {
    const shown = await show({ ...desktop, assignedPort: 3390 }, { status: 'closed' });
    expect(shown.button('Open remote desktop')?.disabled).toBe(true);
  });
});

describe('programs that a click starts', () => {
  const all = programs([], [], ['ssh', 'psql', 'mysql', 'dbeaver', 'chromium', 'kubectl']);
  const withAll = (fake: FakeBridge): void => fake.answer('program.look', () => all);
  const names = (): (string | null)[] =>
    [...document.querySelectorAll('.entry-buttons button')].map((button) => button.textContent);

  it.each<[Partial<Service>, string[]]>([
    [{ type: 'SSH' }, ['Open in terminal']],
    [{ type: 'SSH', mode: 'CHAIN' }, []],
    [{ type: 'DATABASE', name: 'pg-orders' }, ['Open psql', 'Open DBeaver']],
    [{ type: 'DATABASE', name: 'redis' }, []],
    [{ type: 'GENERIC', mode: 'CHAIN' }, ['Open browser']],
    [{ type: 'GENERIC' }, []],
    [{ type: 'K8S', mode: 'CHAIN' }, ['Open terminal']],
  ])('for %o are those that are installed and can use it', async (change, offered) => {
    await show(change, open, withAll);
    expect(names()).toEqual(offered);
  });

  it('are named to the client, with nothing else, and what went wrong is told', async () => {
    const shown = await show({ type: 'DATABASE', name: 'pg' }, open, (fake) => {
      withAll(fake);
      fake.refuse('program.launch', 'program/not-started', 'psql could not be started: no.');
    });
    await shown.click('Open psql');
    expect(shown.fake.calls.at(-1)).toEqual({
      name: 'program.launch',
      input: { service: 'pg.cluster1.bnn', program: 'psql' },
    });
    expect(shown.text()).toContain('psql could not be started: no.');
  });

  it('wait for the connection', async () => {
    const pg = { type: 'DATABASE', name: 'pg', assignedPort: 5432 } as const;
    const shown = await show(pg, { status: 'closed' }, withAll);
    expect(shown.button('Open psql')?.disabled).toBe(true);
  });

  it('are not in a browser tab, which may be on another computer', async () => {
    await show({ type: 'DATABASE', name: 'pg' }, open, withAll, { desktop: null });
    expect(names()).toEqual([]);
  });

  it('say which pages a browser gets through the collection', async () => {
    const collection = { type: 'GENERIC', mode: 'CHAIN' } as const;
    const shown = await show(collection, open, withAll);
    expect(shown.text()).toContain('every page comes through this collection');
    const some = await show({ ...collection, includeDomains: ['corp.example'] }, open, withAll);
    expect(some.text()).toContain('what your administrator has listed goes through');
  });
});

it('names what a collection reaches line by line, and one address without its mask', async () => {
  await show({
    mode: 'CHAIN',
    type: 'GENERIC',
    allowedTargets: [
      {
        hostnames: ['alpha.lab.internal'],
        cidrs: ['127.0.0.1/32', '10.0.0.0/24', '::1/128'],
        ports: [],
      },
    ],
  });
  expect(document.querySelector('.targets .mono')?.textContent).toBe(
    'alpha.lab.internal\n127.0.0.1\n10.0.0.0/24\n::1',
  );
});
