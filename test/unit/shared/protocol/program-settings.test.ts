// What an administrator sets becomes lines of files on people's computers: nothing gets in that is more than its value.
import { describe, expect, it } from 'vitest';
import { serviceDocument } from '../../../../src/edge/command-center/documents.ts';
import { decodeService } from '../../../../src/shared/protocol/catalog.ts';

const asEntry = (parts: object) =>
  decodeService({
    id: 'echo.demo.bnn',
    name: 'echo',
    domain: 'echo.demo.localhost',
    access_tier: 'echo.demo.localhost:8443',
    ...parts,
  });
const TARGET = { target: { name: '127.0.0.1', port: 1 } };
const asDocument = (tags: object, backend: object = TARGET) =>
  serviceDocument.safeParse({
    kind: 'BanyanService',
    metadata: { name: 'echo', cluster: 'demo', tags: { domain: 'echo.demo.localhost', ...tags } },
    spec: { backend },
  });

describe('SSH', () => {
  it('settings reach the client as they were written', () => {
    const parts = {
      service_app_type: 'SSH',
      ssh_service_type: 'BOTH',
      ssh_host_directive: '10.10.1.*  *.lab.corp',
      ssh_chain_mode: true,
      write_ssh_config: false,
    };
    expect(asEntry(parts)).toMatchObject({
      service: {
        mode: 'CHAIN',
        sshHosts: '10.10.1.* *.lab.corp',
        sshCertificates: 'BOTH',
        keepsOutOfSshConfig: true,
      },
    });
    const collection = { http_connect: true, allow_patterns: [{}] };
    expect(asDocument(parts, collection).error).toBeUndefined();
    expect(asDocument(parts).error?.message).toContain('ssh_chain_mode: has to be what');
  });

  it('takes its mode from ssh_chain_mode, which its tools write, and else from the other', () => {
    const ssh = { service_app_type: 'SSH' };
    expect(asEntry({ ...ssh, ssh_chain_mode: false })).toMatchObject({ service: { mode: 'TCP' } });
    expect(asEntry({ ...ssh, banyanproxy_mode: 'CHAIN' })).toMatchObject({
      service: { mode: 'CHAIN' },
    });
  });

  it.each(['lab', 'lab-*', '*.lab.corp', '10.9.*', '192.168.*.?', 'a.example.com b-?'])(
    'takes the hosts %j',
    (ssh_host_directive) => {
      const parts = { service_app_type: 'SSH', ssh_host_directive };
      expect(asEntry(parts)).toMatchObject({ service: { sshHosts: ssh_host_directive } });
      expect(asDocument(parts).error).toBeUndefined();
    },
  );

  it.each([
    'bastion\n  ProxyCommand id',
    'bastion\r  LocalCommand id',
    'bastion\tx',
    '"bastion"',
    'bastion # x',
    '!bastion',
    '-oProxyCommand=id',
    'bastion;id',
    '$(id)',
    '`id`',
    '%h',
    'a/b',
    'bästion',
    '*',
    '*.*',
    '?',
    'bastion *',
    '*.com',
    '*a*',
    'git*',
    'github.*',
    '*github.com*',
    'x'.repeat(300),
    'x '.repeat(21),
  ])('refuses the hosts %j, at the edge and in the client', (ssh_host_directive) => {
    const parts = { service_app_type: 'SSH', ssh_host_directive };
    expect(asEntry(parts)).toHaveProperty('problem');
    expect(asDocument(parts).success).toBe(false);
  });
});

describe('Kubernetes', () => {
  const PEM = `-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n`;

  it.each([PEM, PEM + PEM, Buffer.from(PEM).toString('base64')])('takes a certificate', (ca) => {
    const parts = { service_app_type: 'K8S', kube_ca_key: ca, kube_cluster_name: 'dev' };
    expect(asEntry(parts)).toMatchObject({ service: { kubeCa: ca, kubeCluster: 'dev' } });
    expect(asDocument(parts).error).toBeUndefined();
  });

  it.each([
    { kube_ca_key: '/etc/passwd' },
    { kube_ca_key: `${PEM}\nserver: x` },
    { kube_ca_key: '-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n' },
    { kube_ca_key: Buffer.from(PEM).toString('base64').slice(0, -1) },
    { kube_ca_key: `${Buffer.from(PEM).toString('base64')}A` },
    { kube_cluster_name: 'dev\nusers: []' },
    { kube_cluster_name: '../dev' },
    { kube_cluster_name: '-dev' },
    { kube_cluster_name: '{}' },
    { kube_cluster_name: 'a b' },
  ])('refuses %j', (hostile) => {
    const parts = { service_app_type: 'K8S', ...hostile };
    expect(asEntry(parts)).toHaveProperty('problem');
    expect(asDocument(parts).success).toBe(false);
  });
});

describe('remote desktop', () => {
  it.each([
    'redirectclipboard:i:1',
    'devicestoredirect:s:*',
    'winposstr:s:0,1,0,0,800,600',
    'desktopwidth:i:-1',
    'autoreconnection enabled:i:1',
    'audiomode:i:0',
    'camerastoredirect:s:',
    'Session BPP:i:32',
  ])('takes %s', (line) => {
    const parts = { service_app_type: 'RDP', rdp_settings: [line] };
    expect(asEntry(parts)).toMatchObject({ service: { rdpSettings: [line] } });
    expect(asDocument(parts).error).toBeUndefined();
  });

  it.each([
    ['full address:s:evil.example.com', /Banyan sets where it connects to/],
    ['Full Address:s:evil.example.com', /Banyan sets where it connects to/],
    ['alternate full address:s:evil', /Banyan sets/],
    ['server port:i:1', /Banyan sets/],
    ['gatewayhostname:s:evil', /lead around Banyan/],
    ['alternate shell:s:cmd.exe', /start a program/],
    ['remoteapplicationprogram:s:||x', /start a program/],
    ['password 51:b:00', /not the same for everybody/],
    ['authentication level:i:0', /weakens checks/],
    ['enablecredsspsupport:i:0', /weakens checks/],
    ['drivestoredirect:s:*', /disks/],
    ['audiomode:i:0\nfull address:s:evil', /is not name:s:text/],
    ['audiomode:i:0\rfull address:s:evil', /is not name:s:text/],
    ['audiomode:i:0\u2028full address:s:evil', /is not name:s:text/],
    ['audiomode:i:x', /no number/],
    ['winposstr:b:zz', /no hexadecimal/],
    ['x:b:00ff', /none of picture, sound, keyboard/],
    ['eventloguploadaddress:s:evil', /none of picture/],
    ['constructor:s:x', /none of picture/],
    ['workspace id:s:x', /none of picture/],
    ['audiomode', /is not name:s:text/],
    [' full address:s:evil', /is not name:s:text/],
    ['full address :s:evil', /is not name:s:text/],
    ['full  address:s:evil', /is not name:s:text/],
  ])('refuses %j with the reason', (line, reason) => {
    const parts = { service_app_type: 'RDP', rdp_settings: [line] };
    const kept = 'redirectclipboard:i:1';
    const decoded = asEntry({ ...parts, rdp_settings: [line, kept] });
    expect(decoded).toMatchObject({ service: { rdpSettings: [kept] } });
    expect(decoded).toHaveProperty('setAside.0', expect.stringMatching(reason));
    expect(asDocument(parts).error?.message).toMatch(reason);
  });
});

describe('settings of another type', () => {
  it('are nobody’s', () => {
    const parts = { service_app_type: 'GENERIC', ssh_host_directive: 'x', kube_cluster_name: 'x' };
    const { service } = asEntry(parts) as { service: object };
    expect(Object.keys(service).filter((key) => /ssh|kube|rdp/.test(key))).toEqual([]);
  });
});
