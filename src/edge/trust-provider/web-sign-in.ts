// Signing in to a web service: the person of the browser's device session, without a password page. A browser without
// one shows the certificate that a Device Manager has given it, or is dropped with a page that offers the app, unless the
// service exempts unregistered devices.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Provider } from 'oidc-provider';
import type { Admit } from '../access-tier/admit.ts';
import type { Audit, AuditEntry } from '../audit/audit.ts';
import type { PublishedService } from '../command-center/rulebook.ts';
import { UNREGISTERED_DEVICE } from '../devices.ts';
import { type CookieKind, readCookie, setCookie } from '../http/cookies.ts';
import type { DeviceRecord, Store, UserRecord } from '../store/store.ts';
import { isLive, recordKey } from './adapter.ts';
import { type BrowserDevices, CERTIFICATE } from './browser-devices.ts';
import type { DeviceSession, DeviceSessions } from './device-sessions.ts';
import { sendMessagePage } from './pages.ts';
import type { Users } from './users.ts';
import { nameOf } from './web-clients.ts';

type Details = Awaited<ReturnType<Provider['interactionDetails']>>;

/** From the person's answer to the exchange of the code. */
const BINDING_SECONDS = 120;

export interface WebSignInOptions {
  store: Store;
  volatile: Store;
  users: Users;
  admit: Admit;
  deviceSessions: DeviceSessions;
  browserDevices: Omit<BrowserDevices, 'show'>;
  cookie: CookieKind;
  trustTokenSeconds(): number;
  exemptsUnregistered(service: PublishedService): boolean;
  audit: Audit;
}

export interface WebSignIn {
  /** Whether the person may prove by password who they are: the device is known, or need not be. */
  takesPassword(service: PublishedService, interaction: string): Promise<boolean>;
  /** The registered device that the browser has shown in this sign-in, if any. */
  deviceOf(interaction: string): Promise<DeviceRecord | null>;
  /** Answers, unless the password page is to: then true. */
  begin(exchange: Exchange): Promise<'answered' | 'ask-for-password'>;
  /** Somebody has proven by password who they are, on a device that is known or exempted. */
  withPassword(exchange: Exchange, user: UserRecord): Promise<void>;
  /** Device and session that a grant of a web service stands for. */
  binding(grantId: string): Promise<{ device: DeviceRecord; sessionId: string } | null>;
}

export interface Exchange {
  provider: Provider;
  request: IncomingMessage;
  response: ServerResponse;
  details: Details;
  service: PublishedService;
}

export function createWebSignIn(options: WebSignInOptions): WebSignIn {
  const { store, volatile, users, admit, deviceSessions, browserDevices } = options;
  const seconds = (): number => Math.floor(Date.now() / 1000);

  /** A new grant each time. Of an exempted device it is the session itself, else it stands for the device's. */
  const grant = async (
    { provider, request, response, details, service }: Exchange,
    accountId: string,
    deviceSession: DeviceSession | null,
  ): Promise<void> => {
    const until = Math.min(
      deviceSession?.until ?? Infinity,
      seconds() + options.trustTokenSeconds(),
    );
    const granted = new provider.Grant({
      accountId,
      clientId: service.id,
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- missing in its types
      ...({ expiresIn: Math.max(1, until - seconds()) } as object),
    });
    granted.addOIDCScope(String(details.params['scope']));
    const grantId = await granted.save();
    await volatile.put('issuer', recordKey('WebGrant', grantId), {
      payload: deviceSession
        ? { deviceId: deviceSession.deviceId, sessionId: deviceSession.sessionId }
        : { deviceId: '', sessionId: grantId },
      expiresAt: seconds() + BINDING_SECONDS,
    });
    await provider.interactionFinished(
      request,
      response,
      {
        login: { accountId, remember: false, amr: deviceSession ? ['hwk'] : ['pwd'] },
        consent: { grantId },
      },
      { mergeWithLastSubmission: false },
    );
  };

  /** The person of a device session, as far as policy goes. */
  const enter = async (
    exchange: Exchange,
    session: DeviceSession,
    user: UserRecord,
  ): Promise<void> => {
    const { response, service } = exchange;
    const caller = { ...session, person: { email: user.email, groups: user.groups } };
    const admission = await admit.again(caller, service.id);
    note(exchange, {
      allowed: admission.allowed,
      device: session.deviceId,
      person: user.email,
      ...(!admission.allowed && { code: admission.denial.code }),
    });
    if (admission.allowed) await grant(exchange, user.id, session);
    else sendForbidden(response, service, admission.denial.reason);
  };

  /** As the app's own sign-in is one: listed, and ended, like any other of this device. */
  const openSession = async (
    { provider, response }: Exchange,
    device: DeviceRecord,
    user: UserRecord,
  ): Promise<DeviceSession> => {
    const lifetime = options.trustTokenSeconds();
    const own = new provider.Grant({
      accountId: user.id,
      clientId: device.id,
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- missing in its types
      ...({ expiresIn: lifetime } as object),
    });
    const session = {
      deviceId: device.id,
      sessionId: await own.save(),
      accountId: user.id,
      until: seconds() + lifetime,
    };
    await store.change('devices', device.id, (known) =>
      known && known.owner === undefined ? { ...known, owner: user.email } : undefined,
    );
    response.setHeader('Set-Cookie', setCookie(options.cookie, await deviceSessions.open(session)));
    return session;
  };

  const note = (
    { request, service }: Exchange,
    decision: Pick<AuditEntry, 'allowed' | 'code' | 'device' | 'person'>,
  ): void =>
    options.audit.write({
      event: 'sign-in',
      correlation_id: randomUUID(),
      service: service.id,
      from: request.socket.remoteAddress ?? '',
      ...decision,
    });

  const drop = (exchange: Exchange): void => {
    const { response, service } = exchange;
    note(exchange, { allowed: false, code: 'device_unregistered' });
    sendMessagePage(response, 403, {
      title: `Open ${nameOf(service)} with the Banyan app`,
      sentences: [
        'This browser has not shown which registered device it runs on, or that sign-in is over.',
        'The app on this computer can vouch for it: open the service from there.',
      ],
      link: { text: 'Open with the Banyan app', href: `banyan://open/${service.id}` },
    });
  };

  return {
    takesPassword: async (service, interaction) =>
      options.exemptsUnregistered(service) || (await browserDevices.of(interaction)) !== null,
    deviceOf: (interaction) => browserDevices.of(interaction),
    async begin(exchange) {
      const { request, response, service, details } = exchange;
      const session = await deviceSessions.find(readCookie(request, options.cookie));
      const user = session && (await users.find(session.accountId));
      if (session && user) {
        await enter(exchange, session, user);
        return 'answered';
      }
      if (options.exemptsUnregistered(service)) return 'ask-for-password';
      const proof = new URL(request.url ?? '', 'http://own').searchParams.get(CERTIFICATE);
      if (proof !== null) await browserDevices.arrived(details.uid, proof);
      if (await browserDevices.of(details.uid)) return 'ask-for-password';
      // Asked for its certificate, once in a sign-in.
      const way = proof === null ? browserDevices.wayFrom(details.uid) : null;
      if (way !== null) {
        sendElsewhere(response, way);
        return 'answered';
      }
      drop(exchange);
      return 'answered';
    },
    async withPassword(exchange, user) {
      const device = await browserDevices.of(exchange.details.uid);
      // Banned while the password was looked at, say.
      if (device === null && !options.exemptsUnregistered(exchange.service)) return drop(exchange);
      if (device === null) return grant(exchange, user.id, null);
      return enter(exchange, await openSession(exchange, device, user), user);
    },
    async binding(grantId) {
      const record = await volatile.get('issuer', recordKey('WebGrant', grantId));
      if (!isLive(record)) return null;
      const deviceId = String(record.payload['deviceId']);
      const sessionId = String(record.payload['sessionId']);
      const device = deviceId === '' ? UNREGISTERED_DEVICE : await store.get('devices', deviceId);
      return device ? { device, sessionId } : null;
    },
  };
}

const sendElsewhere = (response: ServerResponse, address: string): void =>
  void response
    .writeHead(303, { Location: address, 'Cache-Control': 'no-store', 'Content-Length': '0' })
    .end();

export const sendForbidden = (
  response: ServerResponse,
  service: PublishedService,
  reason: string,
): void =>
  sendMessagePage(response, 403, {
    title: `You may not use ${nameOf(service)}`,
    sentences: [reason, 'Your administrator can tell you more.'],
  });
