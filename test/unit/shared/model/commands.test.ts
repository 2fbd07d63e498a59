import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { type Surroundings, waysToUse } from '../../../../src/shared/model/commands.ts';
import type { AllowedTargets, Service } from '../../../../src/shared/model/service.ts';
import { aService } from '../../../support/services.ts';

const address = { host: '127.0.0.1', port: 8081 };
const around: Surroundings = { shell: 'sh', certificatesFolder: '/home/dana/.config/banyanapp' };

/** First line of each tab; all of them by name where there are several. */
const commands = (
  changes: Partial<Service>,
  changed: Partial<Surroundings> = {},
  at: typeof address | null = address,
): Record<string, string> =>
  Object.fromEntries(
    waysToUse(aService(changes), at, { ...around, ...changed }).flatMap(({ label, lines }) =>
      lines.map(({ name, text }) => [name ? `${label} ${name}` : label, text]),
    ),
  );

const targets = (hostnames: string[], ports: string[]): AllowedTargets[] => [
  { hostnames, cidrs: [], ports },
];

/** What a real shell hands to the program: its name, then its arguments. */
const argumentsOf = (command: string): string[] => {
  const [program = ''] = command.split(' ');
  const script = `${program}() { printf '%s\\0' ${program} "$@"; }\n${command}`;
  return execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1);
};

describe('ways to use a service', () => {
  it('give the line of the seeds for Kubernetes', () => {
    expect(commands({ type: 'K8S', mode: 'CHAIN' })).toMatchObject({
      kubectl: 'https_proxy=http://127.0.0.1:8081 kubectl get pods',
    });
    expect(commands({ type: 'K8S', mode: 'CHAIN' }, { shell: 'powershell' })).toMatchObject({
      kubectl: "$env:https_proxy='http://127.0.0.1:8081'; kubectl get pods",
    });
  });

  it('write an IPv6 address in brackets', () => {
    const [first] = waysToUse(aService({}), { host: '::1', port: 5 }, around);
    expect(first?.lines[0]?.text).toBe("curl 'http://[::1]:5/'");
  });

  it('name a host of the collection that the collection really allows', () => {
    const { curl } = commands({
      mode: 'CHAIN',
      allowedTargets: targets(['*.lab', 'alpha.lab'], ['22', '8080-8090']),
    });
    expect(curl).toBe('curl --proxytunnel --proxy http://127.0.0.1:8081 http://alpha.lab:8080/');
  });

  it('show no curl where the collection has no web port', () => {
    const allowedTargets = targets(['scope.lab'], ['22', '5901-5999']);
    expect(commands({ mode: 'CHAIN', allowedTargets })).not.toHaveProperty('curl');
  });

  it('give host and port of a collection apart, as programs ask for them', () => {
    expect(commands({ mode: 'CHAIN' })).toMatchObject({
      'Proxy Host': '127.0.0.1',
      'Proxy Port': '8081',
      Browser: 'http://127.0.0.1:8081/proxy.pac',
    });
  });

  it('lead a program that speaks http through a collection, too', () => {
    expect(commands({ mode: 'CHAIN' })['Terminal']).toBe(
      'http_proxy=http://127.0.0.1:8081 https_proxy=http://127.0.0.1:8081 PROGRAM',
    );
  });

  it('hold the host key of a clone against the service, too', () => {
    expect(commands({ type: 'SSH', name: 'bastion', domain: 'bastion.corp' })['git']).toMatch(
      /^git clone --config 'core\.sshCommand=ssh -o HostKeyAlias=echo\.demo\.bnn[^']*' ssh:\/\/127\.0\.0\.1:8081\/REPOSITORY$/,
    );
  });

  it('hold the host key against the service, not against a port of this computer', () => {
    expect(commands({ type: 'SSH', name: 'bastion', domain: 'bastion.corp' })['ssh']).toBe(
      'ssh -p 8081 -o HostKeyAlias=echo.demo.bnn 127.0.0.1',
    );
  });

  it('are the plain names once SSH knows the service, connected or not', () => {
    expect(commands({ type: 'SSH', name: 'bastion' }, { sshEntry: true }, null)).toMatchObject({
      ssh: 'ssh bastion',
      scp: 'scp FILE bastion:',
      git: 'git clone bastion:REPOSITORY',
    });
    const many = { type: 'SSH', mode: 'CHAIN', sshHosts: '10.10.1.*' } as const;
    expect(commands(many, { sshEntry: true })['ssh']).toBe('ssh HOST');
  });

  it('of a remote desktop begin with the program of this computer', () => {
    const first = (changed: Partial<Surroundings>): string | undefined =>
      Object.values(commands({ type: 'RDP' }, changed))[0];
    expect(first({})).toBe('xfreerdp /v:127.0.0.1:8081');
    expect(first({ shell: 'powershell' })).toBe('mstsc /v:127.0.0.1:8081');
  });

  it('need an address that is known', () => {
    expect(commands({ type: 'SSH' }, {}, null)).toEqual({});
    expect(commands({ mode: 'CHAIN' }, {}, null)).toEqual({});
  });

  it.each([
    [{ friendlyName: 'Ledger PostgreSQL' }, ['psql']],
    [{ name: 'orders-mysql' }, ['mysql']],
    [{ friendlyName: 'Valkey cache' }, ['redis-cli']],
    [{ assignedPort: 3306 }, ['mysql']],
    [{ friendlyName: 'Upgrades' }, ['psql', 'mysql', 'redis-cli']],
  ])('of a database are for its program, where %o tells', (changes, programs) => {
    const ways = waysToUse(aService({ type: 'DATABASE', ...changes }), address, around);
    expect(ways.map(({ label }) => label)).toEqual(programs);
  });

  it('give a database as command and as URL', () => {
    const all = commands({ type: 'DATABASE' });
    expect(all).toEqual({
      'psql Command': 'psql --host=127.0.0.1 --port=8081',
      'psql URL': 'postgresql://127.0.0.1:8081/',
      'mysql Command': 'mysql --host=127.0.0.1 --port=8081',
      'mysql URL': 'mysql://127.0.0.1:8081/',
      'redis-cli Command': 'redis-cli -h 127.0.0.1 -p 8081',
      'redis-cli URL': 'redis://127.0.0.1:8081/',
    });
  });

  it.each([
    '/home/dana/.config/banyanapp',
    '/Users/dana/Library/Application Support/banyanapp',
    `/tmp/it's "$HOME" \`id\` \\ ; & | # ~ *`,
    '/tmp/zwei\nZeilen',
  ])('hand curl the certificates in %j, through a real shell', (certificatesFolder) => {
    const command = commands({ domain: 'api.corp' }, { certificatesFolder })['With certificates'];
    expect(argumentsOf(command ?? '')).toEqual([
      'curl',
      '--cacert',
      `${certificatesFolder}/login-cacert.pem`,
      '--key',
      `${certificatesFolder}/login-key.pem`,
      '--cert',
      `${certificatesFolder}/login-cert.pem`,
      '--connect-to',
      'api.corp:8443:echo.demo.localhost:8443',
      'https://api.corp:8443/',
    ]);
  });

  it('ask a public authority where the service is certified by one, and the name where it resolves', () => {
    const command = commands({
      ca: 'system',
      domain: 'tier.corp',
      accessTier: { host: 'tier.corp', port: 443 },
    })['With certificates'];
    expect(command).not.toContain('--cacert');
    expect(command).not.toContain('--connect-to');
    expect(command).toContain(' https://tier.corp/');
  });
});
