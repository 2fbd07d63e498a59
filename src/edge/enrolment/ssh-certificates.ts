// TrustToken in, SSH certificate out, for the key that the TrustCert is for. See docs/protocol.md 5.
import { createPublicKey } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SshAuthority } from '../authority/ssh-authority.ts';
import type { Routes } from '../http/router.ts';
import { send } from '../http/exchange.ts';
import type { Identify } from '../trust-provider/identify.ts';
import type { TrustTokenClaims } from '../../shared/protocol/trust-token.ts';
import { signingRequest } from './est.ts';

export const SSH_CERTIFICATE = '/ssh/certificate';

export interface SshCertificatesOptions {
  ssh: SshAuthority;
  identify: Identify;
  /** People sign in elsewhere: who chooses the part of an e-mail before the @ there is not known. */
  isForeign: boolean;
}

export function createSshCertificates(options: SshCertificatesOptions): Routes {
  const { ssh, identify, isForeign } = options;
  return {
    async [`POST ${SSH_CERTIFICATE}`](request: IncomingMessage, response: ServerResponse) {
      const { claims } = await identify.person(request);
      const publicKey = await signingRequest(request);
      const spki = Buffer.from(publicKey.rawData);
      const certificate = ssh.issue({
        key: createPublicKey({ key: spki, format: 'der', type: 'spki' }),
        id: printable(`${claims.email || claims.sub} device ${claims.device_id}`),
        principals: principalsOf(claims, isForeign),
        expiresAt: claims.exp,
      });
      send(response, 200, certificate, { 'Content-Type': 'text/plain; charset=utf-8' });
    },
  };
}

/**
 * The e-mail, for servers that list it (AuthorizedPrincipalsFile), and the name before the @, which is the login name on
 * servers that list nothing. Never root: that somebody is called so at an issuer must not be all that it takes. Without any
 * the certificate would be good for every name, so there is always one.
 */
export function principalsOf(
  { email, sub }: Pick<TrustTokenClaims, 'email' | 'sub'>,
  isForeign: boolean,
): string[] {
  // Issuers elsewhere write anything there: without an @ it would be a login name, and a comma ends a name for sshd.
  const isAddress = /^[\x21-\x7e]+$/.test(email) && /^[^@,]+@[^@,]+$/.test(email);
  const whole = isAddress ? email : `subject:${encodeURIComponent(sub)}`;
  const [name = ''] = email.split('@');
  const isLogin = !isForeign && name !== 'root' && /^[a-z_][a-z0-9_.-]{0,31}$/.test(name);
  return isLogin && name !== whole ? [whole, name] : [whole];
}

/** It goes into the logs of servers. */
const printable = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, '?');
