// What programs are given when a click starts them: word for word, whatever an organisation has put into its catalogue.
import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import {
  firefoxPreferences,
  launchOf,
} from '../../../../../src/main/client/integrations/launches.ts';
import { CLIENT_PROGRAMS, programsFor } from '../../../../../src/shared/model/client-program.ts';
import { SERVICE_TYPES } from '../../../../../src/shared/model/service.ts';
import { decodeService } from '../../../../../src/shared/protocol/catalog.ts';
import { aService } from '../../../../fixtures/snapshots.ts';

const at = { host: '127.0.0.1', port: 5433 };
const facts = {
  sshEntry: undefined,
  kubeconfigs: null,
  profile: '/home/a/profile',
  certificates: '/home/a/b',
};

describe('a program that a click starts', () => {
  it.each([
    [
      'ssh',
      aService({ type: 'SSH', name: 'bastion' }),
      ['-p', '5433', '-o', 'HostKeyAlias=bastion.cluster1.bnn', '--', '127.0.0.1'],
    ],
    [
      'ssh',
      aService({ type: 'SSH', name: 'bastion', sshCertificates: 'BOTH' }),
      [
        '-p',
        '5433',
        '-o',
        'HostKeyAlias=bastion.cluster1.bnn',
        '-o',
        'IdentityFile=/home/a/b/login-key.pem',
        '--',
        '127.0.0.1',
      ],
    ],
    ['psql', aService({ type: 'DATABASE' }), ['--host=127.0.0.1', '--port=5433']],
    ['mysql', aService({ type: 'DATABASE' }), ['--host=127.0.0.1', '--port=5433', '--password']],
    ['redis-cli', aService({ type: 'DATABASE' }), ['-h', '127.0.0.1', '-p', '5433']],
    [
      'dbeaver',
      aService({ type: 'DATABASE', name: 'pg-orders' }),
      [
        '-con',
        'driver=postgresql|host=127.0.0.1|port=5433|name=pg-orders|create=true|save=false|connect=true',
      ],
    ],
    [
      'chromium',
      aService({
        mode: 'CHAIN',
        allowedTargets: [{ hostnames: ['*.corp', 'wiki.corp'], cidrs: [], ports: ['443'] }],
      }),
      [
        '--user-data-dir=/home/a/profile',
        '--proxy-pac-url=http://127.0.0.1:5433/proxy.pac',
        '--no-first-run',
        '--no-default-browser-check',
        'https://wiki.corp/',
      ],
    ],
    [
      'firefox',
      aService({ mode: 'CHAIN' }),
      ['--new-instance', '--profile', '/home/a/profile', 'about:blank'],
    ],
  ] as const)('%s', (program, service, words) => {
    expect(launchOf(program, service, at, facts).words).toEqual(words);
  });

  it('uses the name that the person types where her SSH configuration has it, connected or not', () => {
    const service = aService({ type: 'SSH', name: 'bastion', sshHosts: 'github.com' });
    const own = { ...facts, sshEntry: 'bastion.corp bastion' };
    expect(launchOf('ssh', service, null, own).words).toEqual(['--', 'bastion.corp']);
  });

  it.each(['-oProxyCommand=touch', '', '*.corp', 'a;b', 'a b -x'])(
    'is not started for an entry of %j',
    (sshEntry) => {
      const service = aService({ type: 'SSH' });
      const isOffered = programsFor(service, sshEntry).includes('ssh');
      const words = (): unknown => launchOf('ssh', service, at, { ...facts, sshEntry }).words;
      if (sshEntry === 'a b -x') expect(words()).toEqual(['--', 'a']);
      else expect(words).toThrow('cannot be given to programs');
      expect(isOffered).toBe(!['', '*.corp'].includes(sshEntry));
    },
  );

  it('gives kubectl an environment, in the terminal that is opened and nowhere else', () => {
    const service = aService({ type: 'K8S', mode: 'CHAIN' });
    expect(launchOf('kubectl', service, at, facts)).toEqual({
      program: 'kubectl',
      words: [],
      environment: { https_proxy: 'http://127.0.0.1:5433' },
    });
    const files = ['/home/a/.kube/config', '/home/a/.kube/banyan'];
    expect(launchOf('kubectl', service, at, { ...facts, kubeconfigs: files }).environment).toEqual({
      KUBECONFIG: files.join(':'),
    });
  });

  it('waits for the connection', () => {
    expect(() => launchOf('psql', aService({ type: 'DATABASE' }), null, facts)).toThrow(
      'is not connected',
    );
  });

  it('writes preferences of Firefox as values, not as text', () => {
    expect(firefoxPreferences({ host: '::1', port: 1 })).toContain(
      'user_pref("network.proxy.autoconfig_url", "http://[::1]:1/proxy.pac");\n',
    );
  });
});

describe('a catalogue of a hostile organisation', () => {
  const odd = fc.oneof(
    fc.string(),
    fc.constantFrom(
      '-oProxyCommand=touch /tmp/x',
      '--proxy-server=evil:1',
      '$(id)',
      '`id`',
      'a|driver=x',
      'x" -e y',
      '-',
      '--',
    ),
    fc.stringMatching(/^[-a-z0-9.*:_|;$ ]{1,30}$/),
  );
  const entry = fc.record({
    id: fc.oneof(
      odd,
      odd.map((text) => `${text}.x.bnn`),
    ),
    name: odd,
    friendly_name: odd,
    service_app_type: fc.constantFrom(...SERVICE_TYPES),
    domain: fc.oneof(odd, fc.constant('a.test')),
    access_tier: fc.oneof(odd, fc.constant('a.test:8443')),
    banyanproxy_mode: fc.constantFrom('TCP', 'CHAIN'),
    ssh_host_directive: fc.oneof(odd, fc.constant('')),
    allowed_targets: fc.array(
      fc.record({ hostnames: fc.array(odd), ports: fc.array(fc.constantFrom('443', '80', '22')) }),
    ),
  });
  // Decoders refuse most of what is odd: each field alone, too.
  const nearly = entry.chain((whole) =>
    fc.constantFrom(...(Object.keys(whole) as (keyof typeof whole)[])).map((key) => ({
      id: 'x.y.bnn',
      name: 'x',
      service_app_type: whole.service_app_type,
      domain: 'a.test',
      access_tier: 'a.test:8443',
      banyanproxy_mode: whole.banyanproxy_mode,
      [key]: whole[key],
    })),
  );

  it('gives programs no option and no second word', () => {
    let started = 0;
    fc.assert(
      fc.property(fc.oneof(entry, nearly), (raw) => {
        const decoded = decodeService(raw);
        if (!('service' in decoded)) return;
        const { service } = decoded;
        for (const program of CLIENT_PROGRAMS) {
          if (!programsFor(service, service.sshHosts).includes(program)) continue;
          const sshEntry = service.sshHosts;
          const words = wordsOrRefusal(() =>
            launchOf(program, service, at, { ...facts, sshEntry }),
          );
          if (words === null) continue;
          started += 1;
          const shape = words.map((word) => (word.startsWith('-') ? word.split('=')[0] : 'value'));
          expect(SHAPES[program]).toContainEqual(shape);
          for (const word of words) expect(word).toMatch(/^[\x21-\x7e]+$/);
          if (program === 'dbeaver') expect(words[1]?.split('|')).toHaveLength(7);
        }
      }),
      { numRuns: 3_000 },
    );
    expect(started).toBeGreaterThan(300);
  });
});

/** null: not started at all, which is as good. */
function wordsOrRefusal(launch: () => { words: readonly string[] }): readonly string[] | null {
  try {
    return launch().words;
  } catch (error) {
    expect(error).toMatchObject({ code: 'program/not-started' });
    return null;
  }
}

const SHAPES: Record<(typeof CLIENT_PROGRAMS)[number], string[][]> = {
  ssh: [
    ['-p', 'value', '-o', 'value', '--', 'value'],
    ['--', 'value'],
  ],
  psql: [['--host', '--port']],
  mysql: [['--host', '--port', '--password']],
  'redis-cli': [['-h', 'value', '-p', 'value']],
  dbeaver: [['-con', 'value']],
  chromium: [
    ['--user-data-dir', '--proxy-pac-url', '--no-first-run', '--no-default-browser-check', 'value'],
  ],
  firefox: [['--new-instance', '--profile', 'value', 'value']],
  kubectl: [[]],
};
