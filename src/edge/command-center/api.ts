// The Command Center's interface for apps: catalogue, events, posture, unregistering. See docs/protocol.md 6 and 7.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { kubeTokenRequest } from '../../shared/protocol/kube-token.ts';
import { ticketRequest } from '../../shared/protocol/ticket.ts';
import type { Admit } from '../access-tier/admit.ts';
import type { Audit } from '../audit/audit.ts';
import { type PostureAnswer, readReport } from '../../shared/protocol/posture.ts';
import type { Devices } from '../devices.ts';
import { HttpRefusal, readBody, send, sendJson } from '../http/exchange.ts';
import type { Routes } from '../http/router.ts';
import type { PostureRules } from '../policy/posture.ts';
import type { Store } from '../store/store.ts';
import type { DeviceSessions } from '../trust-provider/device-sessions.ts';
import { TICKET_SECONDS } from '../trust-provider/device-sessions.ts';
import type { Identify, Identity } from '../trust-provider/identify.ts';
import type { KubeTokens } from '../trust-provider/kube-tokens.ts';
import type { Users } from '../trust-provider/users.ts';
import { isWeb } from '../trust-provider/web-clients.ts';
import { type AddressOf, type Catalog, catalogFor } from './catalog.ts';
import type { EventStreams } from './event-streams.ts';
import { type PublishedService, type Rulebook, subjectOf } from './rulebook.ts';

export const API = '/api/v1';

export interface ApiOptions {
  identify: Identify;
  store: Store;
  rulebook: Rulebook;
  events: EventStreams;
  posture: PostureRules;
  addressOf: AddressOf;
  admit: Admit;
  /** null: people sign in at an issuer that is not ours, and web services of this edge know only ours. */
  deviceSessions: DeviceSessions | null;
  /** null: the same, and clusters ask that issuer. */
  kubeTokens: KubeTokens | null;
  audit: Pick<Audit, 'write'>;
  /** Where the browser takes a ticket. */
  openAddress(ticket: string): string;
  devices: Pick<Devices, 'reportPosture' | 'unregister'>;
  people: Pick<Users, 'asOfNow'>;
}

export function createApi(options: ApiOptions): Routes {
  const { identify, store, rulebook, events, admit, posture, devices, addressOf } = options;
  /** The device as it is now: an open stream must not judge by what it was. */
  const catalogOf = async ({ claims, device }: Identity): Promise<Catalog> => {
    const current = (await store.get('devices', device.id)) ?? device;
    const subject = subjectOf(await options.people.asOfNow(claims), current, posture);
    return catalogFor(rulebook, subject, addressOf);
  };

  /** The checks of a connection. */
  const admitted = ({ device, claims, sessionId }: Identity, { id }: PublishedService) => {
    const person = { email: claims.email, groups: claims.groups };
    return admit.again({ deviceId: device.id, sessionId, person }, id);
  };

  return {
    [`GET ${API}/services`]: async (request: IncomingMessage, response: ServerResponse) => {
      const { document, etag } = await catalogOf(await identify.person(request));
      const headers = { ETag: etag, 'Cache-Control': 'private, no-cache' };
      if (request.headers['if-none-match'] === etag) {
        response.writeHead(304, headers).end();
        return;
      }
      sendJson(response, 200, document, headers);
    },
    [`GET ${API}/events`]: async (request: IncomingMessage, response: ServerResponse) => {
      const identity = await identify.person(request);
      const { etag: tag } = await catalogOf(identity);
      events.open({
        deviceId: identity.device.id,
        sessionId: identity.sessionId,
        response,
        // Who it belongs to is proven for as long as the token holds; the app opens another one with its next.
        until: identity.claims.exp * 1000,
        tag,
        currentTag: async () => (await catalogOf(identity)).etag,
        lastWord: async () => {
          const device = await store.get('devices', identity.device.id);
          if (device?.revoked) return { name: 'device.revoked', reason: device.revoked };
          return device?.banned ? { name: 'session.ended', reason: device.banned } : null;
        },
      });
    },
    [`POST ${API}/ticket`]: async (request: IncomingMessage, response: ServerResponse) => {
      const identity = await identify.person(request);
      const asked = ticketRequest.safeParse(parseJson(await readBody(request))).data;
      const service = asked && rulebook.service(asked.service);
      if (!service || !isWeb(service)) {
        throw new HttpRefusal(404, 'There is no such web service.', 'service_unknown');
      }
      const { deviceSessions } = options;
      if (!deviceSessions) {
        throw new HttpRefusal(
          404,
          'Web services cannot be opened in this organisation.',
          'service_unknown',
        );
      }
      const admission = await admitted(identity, service);
      if (!admission.allowed) {
        throw new HttpRefusal(403, admission.denial.reason, admission.denial.code);
      }
      const ticket = await deviceSessions.issueTicket(identity, service.id);
      sendJson(response, 201, { url: options.openAddress(ticket), expires_in: TICKET_SECONDS });
    },
    [`POST ${API}/kube-token`]: async (request: IncomingMessage, response: ServerResponse) => {
      const identity = await identify.person(request);
      const asked = kubeTokenRequest.safeParse(parseJson(await readBody(request))).data;
      const service = asked && rulebook.service(asked.service);
      const { kubeTokens } = options;
      // Nobody else gets one: whatever knows our issuer's keys might take it for a sign-in.
      if (!kubeTokens || !service || !signsInByUs(service)) {
        const why = kubeTokens
          ? 'There is no such cluster that people sign in to by this organisation.'
          : 'People of this organisation sign in at another issuer, and to its clusters too.';
        throw new HttpRefusal(404, why, 'service_unknown');
      }
      const { device, claims } = identity;
      const admission = await admitted(identity, service);
      const { email: person } = claims;
      const { remoteAddress: from = '' } = request.socket;
      const facts = { service: service.id, device: device.id, person, from };
      const entry = { event: 'kube-token', correlation_id: randomUUID(), ...facts } as const;
      if (!admission.allowed) {
        const { code, reason } = admission.denial;
        options.audit.write({ ...entry, allowed: false, code });
        throw new HttpRefusal(403, reason, code);
      }
      const { groups } = await options.people.asOfNow(claims);
      const { token, expiresAt } = await kubeTokens.issue(claims, groups, service.id);
      const { wouldDeny } = admission;
      options.audit.write({ ...entry, allowed: true, ...(wouldDeny && { code: wouldDeny.code }) });
      const headers = { 'Cache-Control': 'no-store' };
      sendJson(response, 201, { token, expires_at: expiresAt }, headers);
    },
    // The device alone: what it is like does not depend on who uses it, or whether anybody is signed in.
    [`PUT ${API}/device/posture`]: async (request: IncomingMessage, response: ServerResponse) => {
      const device = await identify.device(request);
      const report = readReport(parseJson(await readBody(request)));
      if (!report) throw new HttpRefusal(400, 'The posture report is malformed.');
      const judged = await devices.reportPosture(device.id, report);
      if (!judged)
        throw new HttpRefusal(403, 'This device is no longer accepted.', 'device_revoked');
      sendJson(response, 200, {
        version: 1,
        trust_level: judged.level,
        failed: [...judged.failed],
        unknown: [...judged.unknown],
        ...(judged.capReason && { cap_reason: judged.capReason }),
        applications: [...posture.applications],
      } satisfies PostureAnswer);
    },
    [`DELETE ${API}/device`]: async (request: IncomingMessage, response: ServerResponse) => {
      const device = await identify.device(request);
      await devices.unregister(device.id);
      response.setHeader('Connection', 'close');
      send(response, 204, '', {});
    },
  };
}

/** `kube_ca_key` is the authority of a kube-oidc-proxy: without one, sign-in is the cluster's own matter. */
function signsInByUs({ document }: PublishedService): boolean {
  const { service_app_type: type, kube_ca_key: ca } = document.metadata.tags;
  return type === 'K8S' && Boolean(ca);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // no document decodes from it: refused
  }
}
