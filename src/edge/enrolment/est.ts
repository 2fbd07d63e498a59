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
import type { Store } from '../store/store.ts';
import { readDeviceFacts } from './device-facts.ts';
import type { FoundInvite, Invites } from './invites.ts';

export const EST = '/.well-known/est';
/** CsrAttrs (RFC 7030 4.5.2): an ecPublicKey on prime256v1, signed by ecdsa-with-SHA256. */
const P256_WITH_SHA256 = Buffer.from(
  '3021301506072a8648ce3d0201310a06082a8648ce3d03010706082a8648ce3d040302',
  'hex',
).toString('base64');
/** Whoever guesses may come from many addresses. */
const GUESSES = 'invites';

export interface EnrolmentOptions {
  authority: Authority;
  store: Store;
  invites: Invites;
  audit: Audit;
  identify: Identify;
  deviceCertSeconds: number;
  /** Slows down who guesses codes; counts all failures together. */
  throttle: Throttle;
}

/** `open` needs no client certificate, `mutual` does. */
export function createEnrolment(options: EnrolmentOptions): { open: Routes; mutual: Routes } {
  const { authority, store, invites, audit, identify, deviceCertSeconds, throttle } = options;
  const caCertificates = (_: IncomingMessage, response: ServerResponse): void =>
    sendCertificates(response, authority.caCertificates());

  const attributes = (_: IncomingMessage, response: ServerResponse): void =>
    send(response, 200, `${P256_WITH_SHA256}\r\n`, {
      'Content-Type': 'application/csrattrs',
      'Content-Transfer-Encoding': 'base64',
    });

  const registerDevice = async (request: IncomingMessage, response: ServerResponse) => {
    await new Promise((resolve) => setTimeout(resolve, throttle.delayMs(GUESSES)));
    const invite = await invites.find(inviteCode(request));
    if (invite === null) throttle.failed(GUESSES);
    if (invite?.state !== 'open') throw refuseInvite(request, invite);
    const publicKey = await signingRequest(request);
    const facts = readDeviceFacts(request.headers['banyan-device']);
    if (!facts) throw new HttpRefusal(400, 'The header Banyan-Device is missing or malformed.');
    // Everything that can be wrong is known by now; of several requests at an invite's limit, one gets past here.
    if (!(await invites.claim(invite.id))) throw refuseInvite(request, invite);
    try {
      const deviceId = randomUUID();
      const certificates = await authority.issueDevice({
        publicKey,
        deviceId,
        lifetimeSeconds: deviceCertSeconds,
      });
      await store.put('devices', deviceId, {
        id: deviceId,
        name: facts.name,
        ownership: facts.ownership,
        platform: facts.platform,
        serialNumber: facts.serial_number,
        registeredAt: Math.floor(Date.now() / 1000),
      });
      await invites.settle(invite.id, 'used');
      audit.write({ ...registrationBy(request, invite), allowed: true, device: deviceId });
      sendCertificates(response, certificates);
    } catch (error) {
      await invites.settle(invite.id, 'open');
      throw error;
    }
  };

  /** Wrong, used up, expired and taken back look alike from outside; the audit tells those that are known apart. */
  function refuseInvite(request: IncomingMessage, invite: FoundInvite | null): HttpRefusal {
    if (invite) {
      // One that was open a moment ago was taken by somebody faster.
      const state = invite.state === 'open' ? 'used-up' : invite.state;
      const code = `invite_${state.replace('-', '_')}`;
      audit.write({ ...registrationBy(request, invite), allowed: false, code });
    }
    return new HttpRefusal(401, 'The invite code is not valid.');
  }

  const renewDevice = async (request: IncomingMessage, response: ServerResponse) => {
    const device = await identify.device(request);
    const publicKey = await signingRequest(request);
    sendCertificates(
      response,
      await authority.issueDevice({
        publicKey,
        deviceId: device.id,
        owner: device.owner,
        lifetimeSeconds: deviceCertSeconds,
      }),
    );
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

const registrationBy = ({ socket }: IncomingMessage, { id }: FoundInvite) => ({
  correlation_id: randomUUID(),
  event: 'registration' as const,
  invite: id,
  ...(socket.remoteAddress !== undefined && { from: socket.remoteAddress }),
});

async function signingRequest(request: IncomingMessage): Promise<x509.PublicKey> {
  if (!request.headers['content-type']?.startsWith('application/pkcs10')) {
    throw new HttpRefusal(400, 'A PKCS#10 request is expected (application/pkcs10).');
  }
  const publicKey = await readSigningRequest(await readBody(request));
  if (!publicKey) {
    throw new HttpRefusal(400, 'The certificate request is malformed, or not for a P-256 key.');
  }
  return publicKey;
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
