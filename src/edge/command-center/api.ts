// The Command Center's interface for apps: catalogue, events, unregistering. See docs/protocol.md 6 and 7.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { send, sendJson } from '../http/exchange.ts';
import type { Routes } from '../http/router.ts';
import type { TrustLevel } from '../policy/decide.ts';
import type { Identify, Identity } from '../trust-provider/identify.ts';
import { type Catalog, catalogFor } from './catalog.ts';
import type { EventStreams } from './event-streams.ts';
import { type Rulebook, subjectOf } from './rulebook.ts';

export const API = '/api/v1';

export interface ApiOptions {
  identify: Identify;
  rulebook: Rulebook;
  events: EventStreams;
  levelWithoutPosture: TrustLevel;
  accessTierPort(): number;
  unregister(deviceId: string): Promise<void>;
}

export function createApi(options: ApiOptions): Routes {
  const { identify, rulebook, events, levelWithoutPosture, accessTierPort } = options;
  const catalogOf = ({ claims, device }: Identity): Catalog =>
    catalogFor(rulebook, subjectOf(claims, device, levelWithoutPosture), accessTierPort());

  return {
    [`GET ${API}/services`]: async (request: IncomingMessage, response: ServerResponse) => {
      const { document, etag } = catalogOf(await identify.person(request));
      const headers = { ETag: etag, 'Cache-Control': 'private, no-cache' };
      if (request.headers['if-none-match'] === etag) {
        response.writeHead(304, headers).end();
        return;
      }
      sendJson(response, 200, document, headers);
    },
    [`GET ${API}/events`]: async (request: IncomingMessage, response: ServerResponse) => {
      const identity = await identify.person(request);
      events.open({
        deviceId: identity.device.id,
        sessionId: identity.sessionId,
        response,
        catalogTag: () => catalogOf(identity).etag,
      });
    },
    [`DELETE ${API}/device`]: async (request: IncomingMessage, response: ServerResponse) => {
      const device = await identify.device(request);
      await options.unregister(device.id);
      response.setHeader('Connection', 'close');
      send(response, 204, '', {});
    },
  };
}
