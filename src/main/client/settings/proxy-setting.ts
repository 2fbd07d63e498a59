// The proxy in `settings.json`, one text with the password in it, and what of it may be shown.
import { AppError } from '../../../shared/errors.ts';
import type { InputOf } from '../../../shared/ipc/contract.ts';
import {
  type ProxyProblem,
  type ProxySetting,
  readProxyAddress,
} from '../../../shared/model/settings.ts';
import { formatHostPort } from '../../../shared/protocol/host-port.ts';

type ProxyChange = NonNullable<InputOf<'settings.change'>['proxy']>;

const PROBLEMS: Record<ProxyProblem, string> = {
  empty: 'The proxy has no address.',
  kind: 'Only http:// proxies work.',
  form: 'The proxy is not host:port.',
  port: 'The proxy needs a port from 1 to 65535.',
};

/** What the file gets; undefined: nothing, which means the system's. */
export function keptProxy(change: ProxyChange, before: string | undefined): string | undefined {
  if (change.kind !== 'own') return change.kind === 'none' ? 'none' : undefined;
  const at = readProxyAddress(change.address);
  if (typeof at === 'string') throw new AppError('usage/invalid-input', PROBLEMS[at]);
  const address = formatHostPort(at);
  const user = encodeURIComponent(change.user.trim());
  const was = partsOf(before);
  // Never to another proxy: whoever may type an address must not learn the password of the one before.
  const isSame = was.address === address && was.user === change.user.trim();
  const password = change.password ?? (isSame ? was.password : '');
  if (!user && !password) return `http://${address}`;
  return `http://${user}${password && `:${encodeURIComponent(password)}`}@${address}`;
}

export function shownProxy(text: string | undefined): ProxySetting {
  if (text === undefined || text === '') return { kind: 'system' };
  if (text === 'none') return { kind: 'none' };
  const { address, user, password } = partsOf(text);
  return { kind: 'own', address, user, hasPassword: password !== '' };
}

/** Of what somebody wrote by hand, perhaps wrongly: then nothing of it is known. */
function partsOf(text = ''): { address: string; user: string; password: string } {
  const [, login = '', address = ''] = /^(?:http:\/\/)?(?:(.*)@)?([^@/]*)\/?$/i.exec(text) ?? [];
  const [user = '', ...password] = login.split(':');
  return { address, user: plain(user), password: plain(password.join(':')) };
}

function plain(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a "%" that was meant as one
  }
}
