// Enrolment over Secure Transport (RFC 7030): the root for newcomers, DeviceCerts, TrustCerts.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Audit } from '../audit/audit.ts';
import type { Authority } from '../authority/authority.ts';
import { readSigningRequest } from '../authority/signing-request.ts';
import type { x509 } from '../authority/crypto.ts';
import { HttpRefusal, readBody, send } from '../http/exchange.ts';
import type { Routes } from '../http/router.ts';
import type { Identify } from '../trust-provider/identify.ts';
import type { Throttle } from '../trust-provider/throttle.ts';
import type { DeviceRecord, Store } from '../store/store.ts';
import type { RefusalCode } from '../../shared/protocol/refusal-codes.ts';
import { readDeviceFacts } from './device-facts.ts';
import type { Invites } from './invites.ts';
import type { RegistrationTokens } from './registration-tokens.ts';

export const EST = '/.well-known/est';
/** CsrAttrs (RFC 7030 4.5.2): an ecPublicKey on prime256v1, signed by ecdsa-with-SHA256. */
const P256_WITH_SHA256 = Buffer.from(
  '3021301506072a8648ce3d0201310a06082a8648ce3d03010706082a8648ce3d040302',
  'hex',
).toString('base64');
/** Of one device, at once: one and its successor is what it needs. */
const MOST_CERTIFICATES = 50;
/** Whoever guesses may come from many addresses. */
const GUESSES = 'invites';

export interface EnrolmentOptions {
  authority: Authority;
  store: Store;
  invites: Invites;
  /** Null: nobody registers a device by signing in. */
  registrationTokens: RegistrationTokens | null;
  audit: Audit;
  identify: Identify;
  deviceCertSeconds: number;
  /** Stands in each DeviceCert. */
  revocationList: string;
  /** Slows down who guesses codes; counts all failures together. */
  throttle: Throttle;
}

/** `open` needs no client certificate, `mutual` does. */
export function createEnrolment(options: EnrolmentOptions): { open: Routes; mutual: Routes } {
  const { store, audit, identify } = options;
  const { authority, deviceCertSeconds, revocationList } = options;
  const caCertificates = (_: IncomingMessage, response: ServerResponse): void =>
    sendCertificates(response, authority.caCertificates());

  const attributes = (_: IncomingMessage, response: ServerResponse): void =>
    send(response, 200, `${P256_WITH_SHA256}\r\n`, {
      'Content-Type': 'application/csrattrs',
      'Content-Transfer-Encoding': 'base64',
    });

  /** Noted before anybody has it: what is revoked later is found by it. */
  const issueDevice = async (
    device: Pick<DeviceRecord, 'id' | 'owner'>,
    publicKey: x509.PublicKey,
  ): Promise<string> => {
    const { certificates, serial, notAfter } = await authority.issueDevice({
      publicKey,
      deviceId: device.id,
      owner: device.owner,
      lifetimeSeconds: deviceCertSeconds,
      revocationList,
    });
    await store.put('deviceCertificates', serial, { deviceId: device.id, notAfter });
    return certificates;
  };

  const registerDevice = async (request: IncomingMessage, response: ServerResponse) => {
    const entry = { event: 'registration', from: request.socket.remoteAddress ?? '' } as const;
    let permit: Permit | null = null;
    try {
      permit = await permitOf(request, options);
      const { id, certificates } = await register(request, permit);
      const correlation_id = randomUUID();
      audit.write({ ...entry, ...permit.audited, correlation_id, allowed: true, device: id });
      sendCertificates(response, certificates);
    } catch (error) {
      if (error instanceof HttpRefusal) {
        // From outside all that is wrong with a permit looks alike; an administrator is told.
        const code = error instanceof NotPermitted ? error.why : error.code;
        const { correlationId: correlation_id } = error;
        const refused = { allowed: false, correlation_id, ...(code && { code }) };
        audit.write({ ...entry, ...permit?.audited, ...refused });
      }
      throw error;
    }
  };

  const register = async (request: IncomingMessage, permit: Permit) => {
    if (permit.spent) throw permit.refusal(permit.spent);
    const publicKey = await signingRequest(request);
    const facts = readDeviceFacts(request.headers['banyan-device']);
    if (!facts) throw new HttpRefusal(400, 'The header Banyan-Device is missing or malformed.');
    // Everything that can be wrong is known by now; of several requests with one permit, one gets past here.
    const claim = await permit.claim();
    if (claim === null) throw permit.refusal(permit.tooLate);
    try {
      const id = randomUUID();
      const owner = permit.owner !== undefined && { owner: permit.owner };
      const certificates = await issueDevice({ id, ...owner }, publicKey);
      await store.put('devices', id, {
        id,
        name: facts.name,
        ownership: facts.ownership,
        platform: facts.platform,
        serialNumber: facts.serial_number,
        registeredAt: Math.floor(Date.now() / 1000),
        ...(facts.deployment && { deployment: facts.deployment }),
        ...owner,
      });
      if (await permit.settle(claim, 'used')) return { id, certificates };
      // It took so long that another has the use; nobody has seen this certificate.
      await store.delete('devices', id);
      throw permit.refusal(permit.tooLate);
    } catch (error) {
      await permit.settle(claim, 'open');
      throw error;
    }
  };

  /** Each is remembered until its end: no device fills the store. */
  const refuseTooMany = async (deviceId: string): Promise<void> => {
    const held = (await store.list('deviceCertificates')).filter(
      ([, certificate]) =>
        certificate.deviceId === deviceId && certificate.notAfter > Date.now() / 1000,
    );
    if (held.length < MOST_CERTIFICATES) return;
    throw new HttpRefusal(429, 'This device has renewed its certificate too often.');
  };

  const renewDevice = async (request: IncomingMessage, response: ServerResponse) => {
    const device = await identify.device(request);
    const publicKey = await signingRequest(request);
    await refuseTooMany(device.id);
    sendCertificates(response, await issueDevice(device, publicKey));
  };

  const issueTrustCert = async (request: IncomingMessage, response: ServerResponse) => {
    const { claims } = await identify.person(request);
    const publicKey = await signingRequest(request);
    sendCertificates(response, await authority.issueTrust(publicKey, claims));
  };

  const rootFor = (...labels: string[]): Routes =>
    Object.fromEntries(labels.map((label) => [`GET ${EST}${label}/cacerts`, caCertificates]));
  return {
    open: {
      ...rootFor('', '/device', '/trustcert'),
      [`GET ${EST}/device/csrattrs`]: attributes,
      [`POST ${EST}/device/simpleenroll`]: registerDevice,
    },
    mutual: {
      ...rootFor('', '/device', '/trustcert'),
      [`GET ${EST}/device/csrattrs`]: attributes,
      [`GET ${EST}/trustcert/csrattrs`]: attributes,
      [`POST ${EST}/device/simplereenroll`]: renewDevice,
      [`POST ${EST}/trustcert/simpleenroll`]: issueTrustCert,
    },
  };
}

export async function signingRequest(request: IncomingMessage): Promise<x509.PublicKey> {
  if (!request.headers['content-type']?.startsWith('application/pkcs10')) {
    throw new HttpRefusal(400, 'A PKCS#10 request is expected (application/pkcs10).');
  }
  const publicKey = await readSigningRequest(await readBody(request));
  if (!publicKey) {
    throw new HttpRefusal(400, 'The certificate request is malformed, or not for a P-256 key.');
  }
  return publicKey;
}

/** The right to register one device. */
interface Permit {
  /** The id of an invite, or the e-mail of a person. */
  audited: { invite: string } | { person: string };
  /** E-mail of who has signed in for it: part of the DeviceCert from the beginning. */
  owner?: string;
  /** Why it is worth nothing any more. */
  spent?: string;
  /** What has become of it when somebody else was faster. */
  tooLate: string;
  /** To be settled; null: too late. */
  claim(): Promise<string | null>;
  /** false: it took too long, and another has the use. */
  settle(claim: string, state: 'used' | 'open'): Promise<boolean>;
  refusal(why: string): NotPermitted;
}

class NotPermitted extends HttpRefusal {
  /** For the audit; what the client is told is the same for each of its faults. */
  readonly why: string;

  constructor(why: string, message: string, code?: RefusalCode) {
    super(401, message, code);
    this.why = why;
  }
}

async function permitOf(request: IncomingMessage, options: EnrolmentOptions): Promise<Permit> {
  const [, token] = /^Bearer ([\w.-]+)$/i.exec(request.headers.authorization ?? '') ?? [];
  return token === undefined ? permitByInvite(request, options) : permitByToken(token, options);
}

async function permitByInvite(
  request: IncomingMessage,
  { invites, throttle }: EnrolmentOptions,
): Promise<Permit> {
  const refusal = (why: string) => new NotPermitted(why, 'The invite code is not valid.');
  await new Promise((resolve) => setTimeout(resolve, throttle.delayMs(GUESSES)));
  const invite = await invites.find(inviteCode(request));
  if (invite === null) {
    throttle.failed(GUESSES);
    throw refusal('invite_unknown');
  }
  const { id, state } = invite;
  return {
    audited: { invite: id },
    ...(state !== 'open' && { spent: `invite_${state.replace('-', '_')}` }),
    tooLate: 'invite_used_up',
    claim: () => invites.claim(id),
    settle: (claim, how) => invites.settle(id, claim, how),
    refusal,
  };
}

async function permitByToken(
  token: string,
  { registrationTokens }: EnrolmentOptions,
): Promise<Permit> {
  const code = 'registration_refused';
  const refusal = (why: string) =>
    new NotPermitted(why, 'This sign-in does not register a device.', code);
  const found = await registrationTokens?.find(token);
  if (!registrationTokens || !found) throw refusal(code);
  return {
    audited: { person: found.user.email },
    owner: found.user.email,
    tooLate: code,
    claim: async () => ((await registrationTokens.claim(found)) ? found.id : null),
    settle: async (_, how) => {
      if (how === 'open') await registrationTokens.release(found);
      return true;
    },
    refusal,
  };
}

/** The password of HTTP Basic with user `invite` (RFC 7030 3.2.3); what is none cannot match. */
function inviteCode(request: IncomingMessage): string {
  const [, basic = ''] = /^Basic ([\w+/=]+)$/i.exec(request.headers.authorization ?? '') ?? [];
  const [, code = ''] = /^invite:(.{1,200})$/.exec(Buffer.from(basic, 'base64').toString()) ?? [];
  return code;
}

const sendCertificates = (response: ServerResponse, base64: string): void =>
  send(response, 200, `${base64}\r\n`, {
    'Content-Type': 'application/pkcs7-mime; smime-type=certs-only',
    'Content-Transfer-Encoding': 'base64',
  });
