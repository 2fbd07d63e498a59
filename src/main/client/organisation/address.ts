// The address of an organisation as a person types or pastes it. See docs/protocol.md 2.
import { AppError } from '../../../shared/errors.ts';
import {
  formatHostPort,
  type HostAndPort,
  hostName,
  parseHostPort,
} from '../../../shared/protocol/text.ts';

/**
 * `name`, `name:port`, `[v6]:port`; `https://` before it and one slash behind it are taken off, as browsers add them.
 * Whatever else a URL may hold (a user, a path, a query) is refused, and so is a name that is not ASCII: letters that only
 * look like others would lead elsewhere. Throws `device/address-invalid`.
 */
export function parseAddress(text: string): HostAndPort {
  const refuse = (why: string): never => {
    throw new AppError('device/address-invalid', `This address cannot be used: ${why}.`);
  };
  const given = text.trim();
  if (given.length > 300) return refuse('it is too long');
  if (/^banyan:/i.test(given)) return refuse('it is an invite');
  const address = parseHostPort(given.replace(/^https:\/\//i, '').replace(/\/$/, ''), 443);
  if (!address || !hostName.safeParse(address.host).success) {
    return refuse('it is not a name with an optional port');
  }
  const url = `https://${formatHostPort(address)}`;
  // `127.1`, `0x7f000001` and the like are other spellings of a number; what is shown has to be what is reached.
  const host = URL.canParse(url) ? new URL(url).hostname.replace(/^\[|\]$/g, '') : '';
  if (host !== address.host && !host.includes(':')) return refuse('it is an odd way to write it');
  return { host, port: address.port };
}

/** `host[:port]`, 443 left out: how an organisation is shown, kept and asked. */
export function shortAddress(address: HostAndPort): string {
  const full = formatHostPort(address);
  return address.port === 443 ? full.replace(/:443$/, '') : full;
}
