// A client reduced to its requests: registers, signs in and exchanges tokens against an edge, step by step.
import * as openid from 'openid-client';
import { parseInvite } from '../../src/shared/protocol/invite.ts';
import type { TestEdge } from './start-edge.ts';
import { signInWithoutBrowser, type SignInAnswers } from '../../scripts/lib/approve-sign-in.mjs';
import { aSigningRequest, readBundle } from './certificates.ts';
import { type Answer, call, fetchUnder, type Identity } from './https.ts';
import { type OpenId, relyingParty } from './relying-party.ts';

const PKCS10 = { 'content-type': 'application/pkcs10', 'content-transfer-encoding': 'base64' };
const FACTS = JSON.stringify({
  name: 'adam-thinkpad',
  ownership: 'Corporate Dedicated',
  platform: 'linux',
  serial_number: 'L1HF8BL1234',
});

export interface EnrolInput {
  code: string;
  request?: string;
  facts?: string;
}

export const enrol = (edge: TestEdge, { code, request = '', facts = FACTS }: EnrolInput) =>
  call(`${edge.edge.document.est.device}/simpleenroll`, {
    method: 'POST',
    root: edge.edge.root,
    headers: {
      ...PKCS10,
      authorization: `Basic ${Buffer.from(`invite:${code}`).toString('base64')}`,
      'banyan-device': facts,
    },
    body: request,
  });

/** The same by signing in: see `scripted-registration.ts`. */
export const enrolWithToken = (edge: TestEdge, token: string, request: string, facts = FACTS) =>
  call(`${edge.edge.document.est.device}/simpleenroll`, {
    method: 'POST',
    root: edge.edge.root,
    headers: { ...PKCS10, authorization: `Bearer ${token}`, 'banyan-device': facts },
    body: request,
  });

export const codeOf = (invite: string): string => parseInvite(invite).code;

export interface ScriptedDevice {
  id: string;
  identity: Identity;
  /** A mutual-TLS request with the DeviceCert. */
  call(
    url: string,
    options?: { method?: string; headers?: Record<string, string>; body?: string },
  ): Promise<Answer>;
}

export async function registerDevice(edge: TestEdge): Promise<ScriptedDevice> {
  const { key, request } = await aSigningRequest();
  const answer = await enrol(edge, { code: codeOf(await edge.edge.createInvite()), request });
  if (answer.status !== 200) throw new Error(`registration: ${answer.status} ${answer.body}`);
  const certificates = readBundle(answer.body);
  const identity = { key, cert: certificates.join('\n') };
  const devices = await edge.edge.devices();
  return {
    id: devices.at(-1)!.id,
    identity,
    call: (url, options) => call(url, { ...options, root: edge.edge.root, identity }),
  };
}

/** The relying party of the device with this certificate. */
export const openIdOf = (
  edge: TestEdge,
  clientId: string,
  identity: Identity | undefined,
): Promise<OpenId> =>
  relyingParty(edge, {
    clientId,
    metadata: { use_mtls_endpoint_aliases: true },
    authentication: openid.TlsClientAuth(),
    identity,
    parameters: { scope: 'openid offline_access profile email groups', prompt: 'consent' },
  });

export interface SignedIn {
  device: ScriptedDevice;
  openId: OpenId;
  tokens: openid.TokenEndpointResponse & openid.TokenEndpointResponseHelpers;
  trustToken: string;
  /** TrustCert with its key. */
  trust: Identity;
}

export async function signIn(
  edge: TestEdge,
  device: ScriptedDevice,
  answers?: SignInAnswers,
): Promise<SignedIn> {
  const openId = await openIdOf(edge, device.id, device.identity);
  const withRoot = { fetch: fetchUnder(edge.edge.root), ...answers };
  const tokens = await openId.finish(await signInWithoutBrowser(await openId.start(), withRoot));
  const trustToken = tokens.id_token!;
  const trust = await exchange(edge, device, trustToken);
  if (!trust.identity) throw new Error(`exchange: ${trust.answer.status} ${trust.answer.body}`);
  return { device, openId, tokens, trustToken, trust: trust.identity };
}

export async function exchange(edge: TestEdge, device: ScriptedDevice, trustToken: string) {
  const { key, request } = await aSigningRequest();
  const answer = await device.call(`${edge.edge.document.est.trustcert}/simpleenroll`, {
    method: 'POST',
    headers: { ...PKCS10, authorization: `Bearer ${trustToken}` },
    body: request,
  });
  const identity =
    answer.status === 200 ? { key, cert: readBundle(answer.body).join('\n') } : undefined;
  return { answer, identity };
}
