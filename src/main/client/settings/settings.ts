// `settings.json`: which organisation is active, and what a person has set. What an organisation has set goes before it.
import { AppError } from '../../../shared/errors.ts';
import type { InputOf } from '../../../shared/ipc/contract.ts';
import {
  defaultSettings,
  isLocked,
  type Managed,
  type SettingName,
  type ShownSettings,
} from '../../../shared/model/settings.ts';
import type { ClientPorts } from '../ports.ts';
import { type SettableByHand, type SettingsFile, settingsFile } from './files.ts';
import { jsonFile } from './json-file.ts';
import { keptProxy, shownProxy } from './proxy-setting.ts';

export type SettingsChange = InputOf<'settings.change'>;

export interface Settings {
  /** What holds: as read last, under what is managed. */
  current(): SettingsFile;
  /** null: no such file. Throws as any JSON file of ours does. */
  read(): Promise<SettingsFile | null>;
  /** Keeps everything else. */
  setActive(organisation: string | null): Promise<void>;
  change(change: SettingsChange): Promise<void>;
  setFavourite(organisation: string, service: string, isFavourite: boolean): Promise<void>;
  setAutoConnect(organisation: string, service: string, isOn: boolean): Promise<void>;
  /** What was chosen for services of an organisation that was left. */
  forgetServices(organisation: string): Promise<void>;
  /** Starts at login where the managed deployment file wants it so. */
  followDeployed(): Promise<void>;
  /** Nothing starts this client by itself any more, as nobody is registered; not what the managed deployment file wants. */
  startNoMore(): Promise<void>;
  /** Whether newer versions are looked for, and by whose word not. */
  updates(): { byItself: boolean; offBy: string | null };
  /** Without what is secret. */
  shown(): Promise<ShownSettings>;
}

export interface SettingsOptions {
  path: string;
  ports: Pick<ClientPorts, 'log' | 'loginStart' | 'managed' | 'selfStart'>;
  /** What the managed deployment file says by now: an administrator's tool may replace it at any time. */
  deployed?: () => Deployed;
}

/** Set by the file, as long as it is there. */
export interface Deployed {
  startAtLogin?: true;
  startHidden?: true;
  updates?: false;
}

/** Who puts the file there: it carries no name. */
const ADMINISTRATOR = 'your administrator';

const NAMES: Record<keyof Required<SettableByHand>, SettingName> = {
  proxy: 'proxy',
  unsafeAnyLocalUser: 'anyLocalUser',
  theme: 'theme',
  startHidden: 'startHidden',
  autoConnect: 'autoConnect',
  notifications: 'notifications',
  updates: 'updates',
  warnBeforeExpiryMinutes: 'warnBeforeExpiryMinutes',
};

export function createSettings({ path, ports, deployed = () => ({}) }: SettingsOptions): Settings {
  const { log, loginStart, managed = null, selfStart } = ports;
  const file = jsonFile(path, settingsFile, log);
  let own: SettingsFile = { version: 1, activeOrganisation: null };
  let turns: Promise<unknown> = Promise.resolve();

  function current(): SettingsFile {
    const { startHidden, updates } = deployed();
    return { ...own, ...managed?.values, ...given({ startHidden, updates }) };
  }

  async function read(): Promise<SettingsFile | null> {
    const found = await file.read();
    if (found) own = found;
    return found;
  }

  /** One after the other: what one has written must not be missing in what the next one writes. */
  function save(edited: (before: SettingsFile) => SettingsFile): Promise<void> {
    const done = turns.then(async () => {
      // Somebody may have edited it meanwhile. What cannot be read is set aside there, or refuses to be written below.
      await read().catch((error: unknown) => log.warn('the settings were not read', { error }));
      const changed = edited(own);
      await file.write(changed);
      own = changed;
    });
    turns = done.catch(() => {}); // told to this caller; the next one is not to blame
    return done;
  }

  function refuseManaged(change: SettingsChange): void {
    const shown = { values: defaultSettings, managed: managedFacts() };
    const locked = Object.keys(change).find((name) => isLocked(shown, name as SettingName));
    if (locked === undefined) return;
    throw new AppError(
      'client/setting-managed',
      `This setting is managed by ${managed?.by ?? ADMINISTRATOR}.`,
      { details: { setting: locked } },
    );
  }

  function managedFacts(): Managed | null {
    const set = Object.keys(managed?.values ?? {}).map((name) => NAMES[name as keyof typeof NAMES]);
    const locked = [...new Set([...set, ...(Object.keys(deployed()) as SettingName[])])];
    return managed || locked.length > 0 ? { by: managed?.by ?? ADMINISTRATOR, locked } : null;
  }

  return {
    current,
    read,
    setActive: (activeOrganisation) => save((before) => ({ ...before, activeOrganisation })),

    async followDeployed() {
      const { startAtLogin } = deployed();
      if (startAtLogin === undefined || !loginStart) return;
      if ((await loginStart.isOn()) !== startAtLogin) await loginStart.set(startAtLogin);
    },

    async startNoMore() {
      if (deployed().startAtLogin) return;
      if (await loginStart?.isOn()) await loginStart?.set(false);
      await selfStart?.remove();
    },

    async change(change) {
      refuseManaged(change);
      const { startAtLogin, anyLocalUser, proxy, ...plain } = change;
      if (startAtLogin !== undefined) await loginStart?.set(startAtLogin);
      if (Object.keys(change).every((name) => name === 'startAtLogin')) return;
      await save((before) => {
        const { proxy: was, ...rest } = before;
        const kept = proxy ? keptProxy(proxy, was) : was;
        return {
          ...rest,
          ...given(plain),
          ...(anyLocalUser !== undefined && { unsafeAnyLocalUser: anyLocalUser }),
          ...(kept !== undefined && { proxy: kept }),
        };
      });
    },

    setFavourite: (organisation, service, isFavourite) =>
      save(({ favourites = {}, ...before }) => {
        const others = (favourites[organisation] ?? []).filter((id) => id !== service);
        const starred = isFavourite ? [...others, service] : others;
        return { ...before, favourites: { ...favourites, [organisation]: starred } };
      }),

    setAutoConnect(organisation, service, isOn) {
      if (isOn && managed?.values.autoConnect === false) refuseManaged({ autoConnect: true });
      return save(({ ownAutoConnect: own = {}, ...before }) => ({
        ...before,
        ownAutoConnect: { ...own, [organisation]: { ...own[organisation], [service]: isOn } },
      }));
    },

    async forgetServices(organisation) {
      const { favourites, ownAutoConnect } = current();
      if (!favourites?.[organisation] && !ownAutoConnect?.[organisation]) return;
      await save(({ favourites = {}, ownAutoConnect = {}, ...before }) => ({
        ...before,
        favourites: without(favourites, organisation),
        ownAutoConnect: without(ownAutoConnect, organisation),
      }));
    },

    updates() {
      const byItself = current().updates ?? defaultSettings.updates;
      const { by, locked } = managedFacts() ?? { by: '', locked: [] };
      return { byItself, offBy: !byItself && locked.includes('updates') ? by : null };
    },

    async shown() {
      const { theme, startHidden, autoConnect, notifications, ...more } = current();
      const { warnBeforeExpiryMinutes, proxy, unsafeAnyLocalUser, updates } = more;
      const set = given({
        theme,
        startHidden,
        autoConnect,
        notifications,
        warnBeforeExpiryMinutes,
        updates,
      });
      return {
        values: {
          ...defaultSettings,
          ...set,
          startAtLogin: loginStart ? (deployed().startAtLogin ?? (await loginStart.isOn())) : null,
          proxy: shownProxy(proxy),
          anyLocalUser: unsafeAnyLocalUser ?? false,
          favourites: current().favourites ?? {},
          ownAutoConnect: current().ownAutoConnect ?? {},
        },
        managed: managedFacts(),
      };
    },
  };
}

const without = <Value>(record: Record<string, Value>, name: string): Record<string, Value> =>
  Object.fromEntries(Object.entries(record).filter(([each]) => each !== name));

type Given<Values> = { [Name in keyof Values]?: Exclude<Values[Name], undefined> };

const given = <Values extends object>(values: Values): Given<Values> =>
  Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined),
  ) as Given<Values>;
