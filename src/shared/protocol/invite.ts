// An invite is one pasteable link: organisation, single-use code, root fingerprint. See docs/protocol.md 2.
import { AppError } from '../errors.ts';
import { formatHostPort, type HostAndPort, parseHostPort, sha256 } from './text.ts';

export interface Invite {
  organisation: HostAndPort;
  /** Single use, short-lived; presented once as HTTP Basic password (RFC 7030 3.2.3). */
  code: string;
  /** SHA-256 of the root's DER, base64url: the only reason to trust what the organisation sends first. */
  rootFingerprint: string;
}

const SCHEME = 'banyan:';
const PARAMETERS = ['org', 'code', 'root'] as const;

export function formatInvite(invite: Invite): string {
  const organisation = encodeURIComponent(formatHostPort(invite.organisation));
  return `banyan://register?org=${organisation}&code=${invite.code}&root=${invite.rootFingerprint}`;
}

/** Reads a link once, strictly: exactly the three parameters, each once, each well-formed. Throws `device/invite-invalid`. */
export function parseInvite(text: string): Invite {
  const refuse = (why: string): never => {
    throw new AppError('device/invite-invalid', `This invite cannot be used: ${why}.`);
  };
  const link = text.trim();
  if (link.length > 1024) return refuse('it is too long');
  const match = /^([a-z]+:)\/\/register\/?\?([^#\s]*)$/i.exec(link);
  if (match?.[1]?.toLowerCase() !== SCHEME) return refuse('it is not a banyan://register link');

  const values = new Map<string, string>();
  for (const pair of (match[2] ?? '').split('&')) {
    const [name = '', ...rest] = pair.split('=');
    if (!(PARAMETERS as readonly string[]).includes(name) || values.has(name)) {
      return refuse('it has parts that do not belong there');
    }
    values.set(name, decode(rest.join('=')) ?? refuse('it is damaged'));
  }
  const organisation = parseHostPort(values.get('org') ?? '', 443);
  if (!organisation || !/^[a-z0-9._:-]+$/.test(organisation.host)) {
    return refuse('it names no organisation');
  }
  const code = values.get('code') ?? '';
  if (!/^[A-Za-z0-9_-]{8,128}$/.test(code)) return refuse('its code is missing or damaged');
  const rootFingerprint = values.get('root') ?? '';
  if (!sha256.safeParse(rootFingerprint).success) {
    return refuse('its fingerprint is missing or damaged');
  }
  return { organisation, code, rootFingerprint };
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null; // a lone "%": not a link that we wrote
  }
}
