// What a person may set for this computer, whichever organisation is active.
import type { HostAndPort } from '../protocol/host-port.ts';
import type { Device } from './device.ts';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

/**
 * `session`: what waits for a sign-in. `trouble`: what does not work and nobody has asked for just now. `update`: a newer
 * version is ready.
 */
export const NOTICE_KINDS = ['session', 'trouble', 'update'] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];

/** How it is shown: a password goes in and never comes out. */
export type ProxySetting =
  | { kind: 'system' | 'none' }
  | { kind: 'own'; address: string; user: string; hasPassword: boolean };

/** 0: not at all. */
export const WARNING_MINUTES = [0, 5, 10, 30] as const;

export interface Settings {
  /** null: this front end's computer cannot be told, so nobody is asked. */
  startAtLogin: boolean | null;
  startHidden: boolean;
  /** Services that the organisation marks so connect by themselves after a sign-in. */
  autoConnect: boolean;
  notifications: Readonly<Record<NoticeKind, boolean>>;
  /** How long before the end of a session that nothing renews in silence; the file may hold any other. */
  warnBeforeExpiryMinutes: number;
  theme: Theme;
  proxy: ProxySetting;
  /** Unsafe: every user of this computer may use the local ports. */
  anyLocalUser: boolean;
  /** Looks for newer versions by itself, downloads them, and takes them when the app ends. */
  updates: boolean;
  /** Ids of the services that the person has starred, by organisation. */
  favourites: Readonly<Record<string, readonly string[]>>;
  /** Where the person has said whether a service connects by itself: by organisation, then by id. */
  ownAutoConnect: Readonly<Record<string, AutoConnectChoices>>;
}
export type AutoConnectChoices = Readonly<Record<string, boolean>>;
export type SettingName = keyof Settings;

/** What an organisation has set for its people: by whom, and which settings are theirs no longer. */
export interface Managed {
  by: string;
  locked: readonly SettingName[];
}

export interface ShownSettings {
  values: Settings;
  managed: Managed | null;
}

/** Ids of the services that the person has starred in the organisation that is active. */
export const favouritesOf = (device: Device, { values }: ShownSettings): readonly string[] =>
  device.status === 'registered' ? (values.favourites[device.organisation.id] ?? NONE) : NONE;

/** What the person has said of the services of the organisation that is active; the administrator's word holds else. */
export const autoConnectChoicesOf = (
  device: Device,
  own: Settings['ownAutoConnect'] | undefined,
): AutoConnectChoices =>
  (device.status === 'registered' ? own?.[device.organisation.id] : undefined) ?? NO_CHOICES;

/** Always the same one: a window draws again what has become another. */
const NONE: readonly string[] = [];
const NO_CHOICES: AutoConnectChoices = {};

export const defaultSettings: Settings = {
  startAtLogin: null,
  startHidden: false,
  autoConnect: true,
  notifications: { session: true, trouble: true, update: true },
  warnBeforeExpiryMinutes: 10,
  theme: 'system',
  proxy: { kind: 'system' },
  anyLocalUser: false,
  updates: true,
  favourites: {},
  ownAutoConnect: {},
};

export const isLocked = ({ managed }: ShownSettings, name: SettingName): boolean =>
  managed?.locked.includes(name) ?? false;

export type ProxyProblem = 'empty' | 'kind' | 'form' | 'port';

/** `[http://]host:port`, as a person types it; the same rule while typing and where it is saved. */
export function readProxyAddress(typed: string): HostAndPort | ProxyProblem {
  const text = typed.trim();
  if (text === '') return 'empty';
  const [, scheme, rest = ''] = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(.*?)\/?$/i.exec(text) ?? [];
  if (scheme !== undefined && scheme.toLowerCase() !== 'http') return 'kind';
  const [, six, name, port] =
    /^(?:\[([0-9a-f:.]+)\]|([a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)):(\d*)$/i.exec(rest) ?? [];
  const host = six ?? name;
  if (host === undefined) return 'form';
  const number = Number(port);
  return port && number >= 1 && number <= 65_535 ? { host, port: number } : 'port';
}
