// An edge with web services in front of a backend that shows which bytes arrived, as one signed-in person sees it.
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DemoOptions } from '../../src/edge/demo.ts';
import { registerDevice, type ScriptedDevice, signIn, type SignedIn } from './scripted-device.ts';
import { startEdge, type TestEdge } from './start-edge.ts';

export interface WebBench {
  edge: TestEdge;
  device: ScriptedDevice;
  dana: SignedIn;
  backendPort: number;
  /** Of a service, over TLS at the Access Tier. */
  origin(name: string): string;
  host(name: string): string;
  /** Where the app would send the browser. */
  openUrl(service: string, person?: SignedIn): Promise<string>;
  /** Replaces what the backend does. */
  backend(handler: (request: IncomingMessage, response: ServerResponse) => void): void;
  /** Requests that have reached it. */
  readonly received: number;
  readonly methods: readonly string[];
  /** The backend as it was, nothing received. */
  reset(): void;
  policyOf(service: string, policy: string): Promise<void>;
  /** Replaces the `http_settings` of a service. */
  settingsOf(service: string, settings: Record<string, unknown>): Promise<void>;
  /** Replaces parts of a service's target; the usual one with {}. */
  targetOf(
    service: string,
    target: Record<string, unknown>,
    settings?: Record<string, unknown>,
  ): Promise<void>;
  stop(): Promise<void>;
}

const show = (request: IncomingMessage, response: ServerResponse): void => {
  let length = 0;
  request.on('data', (chunk: Buffer) => (length += chunk.length));
  request.on('end', () => {
    const { method, url, rawHeaders } = request;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ method, url, rawHeaders, length }));
  });
};

export async function startWebBench(options: Partial<DemoOptions> = {}): Promise<WebBench> {
  let handler = show;
  let methods: string[] = [];
  const backend = createServer((request, response) => {
    methods.push(request.method ?? '');
    handler(request, response);
  });
  backend.on('upgrade', (request, socket, head) => {
    const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        `Sec-WebSocket-Accept: ${createHash('sha1').update(key).digest('base64')}\r\n\r\n`,
    );
    socket.on('error', () => socket.destroy());
    // Frames of a client are masked, ours are not: whoever wants more than raw bytes unmasks them.
    if (request.url === '/frames')
      socket.on('data', (frame: Buffer) => socket.write(echoFrame(frame)));
    else {
      if (head.length > 0) socket.write(head);
      socket.pipe(socket);
    }
  });
  await new Promise<void>((resolve) => {
    backend.listen(0, '127.0.0.1', resolve);
  });
  const { port } = backend.address() as AddressInfo;
  const edge = await startEdge(options);
  const web = (name: string, http: Record<string, unknown> = {}, target = {}) => ({
    kind: 'BanyanService',
    metadata: {
      name,
      friendly_name: name,
      cluster: 'demo',
      tags: { service_app_type: 'WEB', domain: `${name}.demo.localhost` },
    },
    spec: {
      backend: { target: { name: '127.0.0.1', port: String(port), ...target } },
      http_settings: http,
    },
  });
  const headers = { 'X-Email': '{{.Email}}', 'X-Token': '{{.JWT}}' };
  await edge.edge.apply({
    services: [
      web('shop', { headers }),
      web('forum'),
      web('trusted'),
      web('guests', { oidc_settings: { suppress_device_trust_verification: true } }),
    ],
    roles: [
      {
        kind: 'BanyanRole',
        metadata: { name: 'Anybody' },
        spec: { group: ['Engineering'] },
      },
    ],
    policies: [
      {
        kind: 'BanyanPolicy',
        metadata: { name: 'anybody' },
        spec: { access: [{ roles: ['Anybody'] }] },
      },
      {
        kind: 'BanyanPolicy',
        metadata: { name: 'engineers-on-medium-devices' },
        spec: {
          access: [{ roles: ['Engineers'], rules: { conditions: { trust_level: 'Medium' } } }],
        },
      },
    ],
    attachments: [
      { PolicyID: 'engineers', ServiceID: 'shop.demo.bnn' },
      { PolicyID: 'engineers', ServiceID: 'forum.demo.bnn' },
      { PolicyID: 'anybody', ServiceID: 'guests.demo.bnn' },
      { PolicyID: 'engineers-on-trusted-devices', ServiceID: 'trusted.demo.bnn' },
    ],
  });
  const device = await registerDevice(edge);
  const dana = await signIn(edge, device);
  const host = (name: string) => `${name}.demo.localhost:${edge.edge.accessTierPort}`;
  return {
    edge,
    device,
    dana,
    backendPort: port,
    host,
    origin: (name) => `https://${host(name)}`,
    async openUrl(service, person = dana) {
      const answer = await person.device.call(`${edge.edge.document.command_center}/ticket`, {
        method: 'POST',
        headers: { authorization: `Bearer ${person.trustToken}` },
        body: JSON.stringify({ service }),
      });
      if (answer.status !== 201) throw new Error(`ticket: ${answer.status} ${answer.body}`);
      return (JSON.parse(answer.body) as { url: string }).url;
    },
    backend(next) {
      handler = next;
    },
    get received() {
      return methods.length;
    },
    get methods() {
      return methods;
    },
    reset() {
      handler = show;
      methods = [];
    },
    policyOf: (service, policy) =>
      edge.edge.apply({
        attachments: [{ PolicyID: policy, ServiceID: `${service}.demo.bnn` }],
      }),
    settingsOf: (service, settings) => edge.edge.apply({ services: [web(service, settings)] }),
    targetOf: (service, target, settings = {}) =>
      edge.edge.apply({ services: [web(service, settings, target)] }),
    async stop() {
      await edge.stop();
      backend.closeAllConnections();
      await new Promise((resolve) => backend.close(resolve));
    },
  };
}

/** One short unfragmented text frame (RFC 6455 5.2). */
function echoFrame(frame: Buffer): Buffer {
  const length = (frame[1] ?? 0) & 0x7f;
  const mask = frame.subarray(2, 6);
  const text = Buffer.from(
    frame.subarray(6, 6 + length).map((byte, at) => byte ^ (mask[at % 4] ?? 0)),
  );
  return Buffer.concat([Buffer.from([0x81, length]), text]);
}
