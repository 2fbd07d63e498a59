// As much of a Kubernetes API server as `kubectl get pods` asks for, over TLS, for one bearer token.
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { createTestPki } from './pki.ts';

export interface KubernetesApi {
  port: number;
  /** PEM of the root its certificate is under. */
  root: string;
  /** Paths that were asked for with the token. */
  asked: string[];
}

export const TOKEN = 'token-of-the-cluster';

const COLUMNS = ['Name', 'Ready', 'Status', 'Restarts', 'Age'];
const POD = ['podreader-default-pod', '1/1', 'Running', '0', '35h'];

const resources: Record<string, object> = {
  '/version': { major: '1', minor: '20', gitVersion: 'v1.20.2', platform: 'linux/amd64' },
  '/api': { kind: 'APIVersions', versions: ['v1'] },
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [] },
  '/api/v1': {
    kind: 'APIResourceList',
    groupVersion: 'v1',
    resources: [
      {
        name: 'pods',
        singularName: 'pod',
        namespaced: true,
        kind: 'Pod',
        verbs: ['get', 'list'],
        shortNames: ['po'],
      },
    ],
  },
  '/api/v1/namespaces/default/pods': {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { resourceVersion: '1' },
    columnDefinitions: COLUMNS.map((name) => ({
      name,
      type: 'string',
      format: '',
      description: '',
      priority: 0,
    })),
    rows: [
      {
        cells: POD,
        object: {
          kind: 'PartialObjectMetadata',
          apiVersion: 'meta.k8s.io/v1',
          metadata: { name: POD[0], namespace: 'default' },
        },
      },
    ],
  },
};

export async function startKubernetesApi(hostname: string): Promise<KubernetesApi> {
  const pki = await createTestPki('Cluster');
  const { key, certificate } = await pki.issue({ commonName: hostname, dnsNames: [hostname] });
  const asked: string[] = [];
  const server = createServer({ key, cert: certificate }, (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'https://api');
    const found = resources[pathname];
    const isKnown = request.headers.authorization === `Bearer ${TOKEN}`;
    if (isKnown) asked.push(pathname);
    const status = isKnown ? (found ? 200 : 404) : 401;
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify(status === 200 ? found : { kind: 'Status', status: 'Failure', code: status }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { port: (server.address() as AddressInfo).port, root: pki.root, asked };
}
