import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import {
  clusterFor,
  clustersIn,
  isOurs,
  kubeconfigOf,
  type ProxyLine,
  proxiesIn,
  withProxyLine,
  withoutProxies,
  withUrls,
} from '../../../../../src/main/client/integrations/kubeconfig.ts';
import { aService } from '../../../../support/services.ts';

const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
const CA = Buffer.from(PEM).toString('base64');
const dev = aService({
  type: 'K8S',
  mode: 'CHAIN',
  id: 'dev.demo.bnn',
  name: 'dev',
  domain: 'dev.corp',
  kubeCluster: 'arn:aws:eks:eu/dev',
  kubeCa: PEM,
  allowedTargets: [{ hostnames: ['*.corp', 'kube.corp'], cidrs: [], ports: ['6443'] }],
});

describe('a kubeconfig of ours', () => {
  const clusters = [
    clusterFor(dev, '127.0.0.1:8081'),
    clusterFor(aService({ name: 'b', domain: 'b.corp', kubeCa: CA }), '[::1]:9'),
  ];
  const text = kubeconfigOf(clusters, null);

  it('is what kubectl reads', () => {
    expect(isOurs(text)).toBe(true);
    expect(parse(text)).toEqual({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'arn:aws:eks:eu/dev',
          cluster: {
            server: 'https://kube.corp:6443',
            'proxy-url': 'http://127.0.0.1:8081',
            'certificate-authority-data': CA,
          },
        },
        {
          name: 'b',
          cluster: {
            server: 'https://b.corp',
            'proxy-url': 'http://[::1]:9',
            'certificate-authority-data': CA,
          },
        },
      ],
      contexts: [
        { name: 'arn:aws:eks:eu/dev', context: { cluster: 'arn:aws:eks:eu/dev' } },
        { name: 'b', context: { cluster: 'b' } },
      ],
    });
  });

  it('signs her in by our command, unless she has set a user herself', () => {
    const plugin = { banyan: ['/opt/node', "/opt/O'Hara/banyan.js"], home: '/home/adam/.banyan' };
    const own = { contexts: new Map([['b', { user: 'adam' }]]) };
    const written = parse(kubeconfigOf(clusters, plugin, own)) as {
      users: unknown[];
      contexts: unknown[];
    };
    expect(written.users[0]).toEqual({
      name: 'dev.demo.bnn',
      user: {
        exec: {
          apiVersion: 'client.authentication.k8s.io/v1beta1',
          command: '/opt/node',
          args: ["/opt/O'Hara/banyan.js", 'kube-token', 'dev.demo.bnn'],
          env: [{ name: 'BANYAN_HOME', value: '/home/adam/.banyan' }],
          interactiveMode: 'Never',
        },
      },
    });
    expect(written.contexts).toEqual([
      {
        name: 'arn:aws:eks:eu/dev',
        context: { cluster: 'arn:aws:eks:eu/dev', user: 'dev.demo.bnn' },
      },
      { name: 'b', context: { cluster: 'b', user: 'adam' } },
    ]);
  });

  it('takes nothing for a choice of hers that we, or kubectl by itself, have written', () => {
    const plugin = { banyan: ['/opt/banyan'], home: '/home/adam/.banyan' };
    const usersOf = (...given: Parameters<typeof kubeconfigOf>): unknown[] =>
      (
        parse(kubeconfigOf(...given)) as { contexts: { context: { user?: string } }[] }
      ).contexts.map(({ context }) => context.user);
    // `kubectl config` writes "" where there was none.
    const before = { contexts: new Map([['b', { user: '' }]]) };
    expect(usersOf(clusters, plugin, before)).toEqual(['dev.demo.bnn', clusters[1]!.service]);
    const since = { contexts: new Map([['arn:aws:eks:eu/dev', { user: 'dev.demo.bnn' }]]) };
    expect(usersOf(clusters, null, since)).toEqual([undefined, undefined]);
  });

  it('is read again as it was written', () => {
    expect(kubeconfigOf(clustersIn(text), null)).toBe(text);
    expect(clustersIn('apiVersion: v1\n')).toEqual([]);
  });
});

const OWN = `# mine
apiVersion: v1
clusters:
- name: other
  cluster: {server: https://other}
- cluster:
    # who vouches
    certificate-authority: /ca.pem
    server: https://kube.corp   # the API
  name: corp
contexts:
- {name: work, context: {user: adam, cluster: corp}}
- name: lost
  context: {cluster: gone}
- name: flow
  context:
    cluster: other
kind: Config`;
const line: ProxyLine = {
  organisation: '9f86d081884c7d65',
  service: 'dev.demo.bnn',
  context: 'work',
  at: '127.0.0.1:8081',
};

const withLine = async (text: string): Promise<string> => (await withProxyLine(text, line)).text;
const { at: _, ...mark } = line;

describe('a proxy in the person’s own kubeconfig', () => {
  it('is one line in the cluster of the context', async () => {
    const { text, cluster } = await withProxyLine(OWN, line);
    expect(cluster).toBe('corp');
    expect(text).toBe(
      OWN.replace(
        '    certificate-authority:',
        '    proxy-url: http://127.0.0.1:8081 # Banyan 9f86d081884c7d65/dev.demo.bnn work\n    certificate-authority:',
      ),
    );
    expect(parse(text)).toMatchObject({
      clusters: [{}, { cluster: { 'proxy-url': 'http://127.0.0.1:8081' } }],
    });
    expect(await proxiesIn(text)).toMatchObject([{ cluster, at: line.at, mark }]);
  });

  it('is taken out without a trace, whatever the ends of lines', async () => {
    for (const end of ['\n', '\r\n']) {
      const before = OWN.replaceAll('\n', end);
      const after = await withLine(before);
      expect(after.split(end)).toHaveLength(before.split(end).length + 1);
      expect(withoutProxies(after, await proxiesIn(after))).toBe(before);
    }
  });

  it('follows port and address, and leaves everything else alone', async () => {
    const after = await withLine(OWN);
    const changes = (await proxiesIn(after)).map((found) => ({ found, at: '[::1]:9' }));
    expect(withUrls(after, changes)).toBe(after.replace('127.0.0.1:8081', '[::1]:9'));
    for (const text of ['', OWN, `${OWN}\n    proxy-url: http://127.0.0.1:8081\n`]) {
      expect(await proxiesIn(text)).toEqual([]);
    }
  });

  it('is found where kubectl has dropped the mark, on a line of its own', async () => {
    const bare = (await withLine(OWN)).replace(/ # Banyan.*/, '');
    const found = await proxiesIn(bare);
    expect(found).toMatchObject([{ cluster: 'corp', at: line.at }]);
    expect(found[0]?.mark).toBeUndefined();
    expect(withoutProxies(bare, found)).toBe(OWN);
    const inOneLine = 'clusters:\n- name: a\n  cluster: {proxy-url: "http://127.0.0.1:1"}\n';
    expect(await proxiesIn(inOneLine)).toEqual([]);
    const afterDash =
      'clusters:\n- name: a\n  cluster: { }\n- cluster:\n    proxy-url: http://a:1\n  name: b\n';
    expect(withoutProxies(afterDash, await proxiesIn(afterDash))).not.toContain('proxy-url');
  });

  it.each([
    ['nothing', /no context "nothing"/],
    ['lost', /no cluster "gone"/],
    ['flow', /not written line by line/],
  ])('has no place for the context %s', async (context, why) => {
    await expect(withProxyLine(OWN, { ...line, context })).rejects.toMatchObject({
      code: 'program/entry-not-allowed',
      message: expect.stringMatching(why) as string,
    });
  });

  it('does not replace one that is there', async () => {
    const text = OWN.replace('    server:', '    proxy-url: http://proxy.corp:3128\n    server:');
    await expect(withProxyLine(text, line)).rejects.toThrow(/has a proxy-url already/);
    await expect(withProxyLine('{', line)).rejects.toThrow(/no context/);
  });
});
