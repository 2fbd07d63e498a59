import { homedir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { bundleText } from '../../../../../src/main/client/diagnostics/bundle.ts';
import { aRegisteredDevice, aService, aSnapshot } from '../../../../fixtures/snapshots.ts';

const denied = aService({
  name: 'vault',
  access: { status: 'denied', code: 'role', reason: 'Ask Zoe Martin (zoe@medsoft.digital).' },
});
const snapshot = aSnapshot({ catalog: { status: 'current', services: [denied] } });
const told = (facts: string) => ({
  number: 1,
  at: 0,
  level: 'warn' as const,
  message: 'Adam Okafor signed in',
  service: null,
  facts,
});
const text = bundleText({
  snapshot,
  log: [
    told('file=/home/adam/.banyan/vault.bin person=adam@medsoft.digital host=adam-thinkpad'),
    told('url=https://x/?code=hunter2 Bearer abcdefghijklmnop'),
  ],
  diagnoses: [{ service: null, at: 0, results: [] }],
  now: 0,
});

it('the report has no name of a person, a device or a folder in it, wherever it stood', () => {
  expect(text).not.toMatch(/Zoe|Okafor|adam|@medsoft\.digital|thinkpad|\/home/i);
  expect(text).toContain('<home>/vault.bin person=<person> host=<device>');
  expect(text).toContain('<person> signed in');
});

it('the report has no secret in it that got into a text after all', () => {
  expect(text).not.toMatch(/hunter2|abcdefghijklmnop/);
});

it('the report still says what it is for', () => {
  expect(JSON.parse(text)).toMatchObject({
    device: { status: 'registered', organisation: 'banyan.medsoft.example', secrets: 'keychain' },
    services: [{ id: 'vault.cluster1.bnn', access: { status: 'denied', code: 'role' } }],
    diagnoses: [{ service: null }],
  });
});

it('the report does not name the folder of the person where ours lies deeper in it, as it does on Linux', () => {
  const inHome = (...parts: string[]) => path.join(homedir(), ...parts);
  const report = bundleText({
    snapshot: {
      ...snapshot,
      app: { ...snapshot.app, certificatesFolder: inHome('.config', 'banyanapp') },
    },
    log: [told(`file=${inHome('.local', 'share', 'keyrings', 'login.keyring')}`)],
    diagnoses: [],
    now: 0,
  });
  expect(report).not.toContain(homedir());
});

it('the report has a name of three letters or fewer nowhere, and leaves the words that it is part of', () => {
  const named = aSnapshot({
    device: { ...aRegisteredDevice(), device: { ...aRegisteredDevice().device, name: 'vm' } },
  });
  const report = bundleText({
    snapshot: { ...named, app: { ...named.app, hostName: 'pc' } },
    log: [told('host=vm from=vm/pc url=http://pc.local/ memory=vmstat npcs')],
    diagnoses: [],
    now: 0,
  });
  expect(report).toContain(
    'host=<device> from=<device>/<device> url=http://<device>.local/ memory=vmstat npcs',
  );
});
