// Health checks without TLS (`http_health_check`, `https` false): what a load balancer asks for, often by address. Anything
// else gets no word, like whatever is not TLS.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { isIP, type Socket } from 'node:net';
import type { PublishedService, Rulebook } from '../../command-center/rulebook.ts';
import { HttpRefusal, namesOneHost, sendProblem } from '../../http/exchange.ts';
import { type Log, reason } from '../../log.ts';
import type { Exemptions } from '../../policy/exempted-requests.ts';
import { isWeb } from '../../trust-provider/web-clients.ts';
import type { Frontends } from '../frontends.ts';
import type { Site } from './browser-sign-in.ts';
import type { Patience } from './patience.ts';
import { exemptionsOf } from './requests.ts';

export interface HealthChecks {
  /** Whether what comes to this port may be one. */
  isExpectedAt: (port: number) => boolean;
  serve: (socket: Socket) => void;
}

export interface HealthChecksOptions {
  rulebook: Pick<Rulebook, 'services'>;
  frontends: Frontends;
  patience: Patience;
  fits: (site: Site, request: IncomingMessage) => boolean;
  pass: (site: Site, request: IncomingMessage, response: ServerResponse) => Promise<void>;
  log: Log;
}

/** What else is exempted is so over TLS only. */
export const healthCheckOf = (site: Site): Exemptions => ({
  paths: [],
  patterns: [],
  healthCheck: exemptionsOf(site).healthCheck,
});

export function createHealthChecks(options: HealthChecksOptions): HealthChecks {
  const { rulebook, frontends, patience, fits, pass, log } = options;

  const servicesAt = (port: number): PublishedService[] =>
    rulebook.services().filter((service) => {
      const { healthCheck } = service.document.spec.http_settings.exemptions;
      const isPlain = isWeb(service) && healthCheck?.https === false;
      return isPlain && frontends.portsOf(service.document).includes(port);
    });
  /** By the name that it asks for; by an address, the first one at that port whose check it is. */
  const siteOf = (request: IncomingMessage): Site | undefined => {
    const { localPort: port = 0, localAddress: address } = request.socket;
    const asked = `http://${request.headers.host ?? ''}`;
    if (!namesOneHost(request) || !URL.canParse(asked)) return undefined;
    const { hostname } = new URL(asked);
    const isByAddress = isIP(hostname.replace(/^\[(.*)\]$/, '$1')) !== 0;
    for (const service of servicesAt(port)) {
      const serverName = isByAddress ? service.document.metadata.tags.domain : hostname;
      const site: Site = { service, origin: `http://${serverName}`, secure: false };
      const isMet = frontends.at({ port, address, serverName })?.id === service.id;
      if (isMet && fits(site, request)) return site;
    }
    return undefined;
  };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const site = siteOf(request);
    if (!site) {
      request.socket.destroy();
      return;
    }
    response.shouldKeepAlive = false;
    try {
      await pass(site, request, response);
    } catch (error) {
      if (!(error instanceof HttpRefusal)) throw error;
      sendProblem(response, error);
    }
  };

  // Never listens. Without `Host` it is none of ours, and an answer of Node's own would be a word.
  const server = createServer({ requireHostHeader: false, requestTimeout: 0 });
  server.on('request', (request, response) => {
    patience.served(request.socket, response);
    answer(request, response).catch((error: unknown) => {
      log('error', 'a health check failed', { reason: reason(error) });
      request.socket.destroy();
    });
  });
  // Else Node says "100 Continue", or "417", to whoever asks for anything.
  for (const asking of ['checkContinue', 'checkExpectation']) {
    server.on(asking, ({ socket }: IncomingMessage) => socket.destroy());
  }
  server.on('clientError', (_, socket) => socket.destroy());
  return {
    isExpectedAt: (port) => servicesAt(port).length > 0,
    serve(socket) {
      patience.begin(socket);
      server.emit('connection', socket);
    },
  };
}
