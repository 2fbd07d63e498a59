// banyan settings [name] [value]
import { AppError } from '../../shared/errors.ts';
import type { InputOf } from '../../shared/ipc/contract.ts';
import {
  isLocked,
  type ProxySetting,
  type SettingName,
  type Settings,
  type ShownSettings,
  THEMES,
} from '../../shared/model/settings.ts';
import { usage } from '../banyan-arguments.ts';
import { closest } from '../closest.ts';
import { type Command, confirm, type Context, snapshotOf } from '../context.ts';
import { askSecret } from '../passphrase.ts';
import { table } from '../print.ts';
import { reachClient } from '../reach-client.ts';

type Change = InputOf<'settings.change'>;
type Value = boolean | number | string;

interface Row {
  /** As the client calls it, for locks. */
  setting: SettingName;
  /** Words for its value. */
  takes: string;
  about: string;
  /** null: nobody can tell here, and it cannot be set. */
  read(values: Settings): Value | null;
  write(value: string, values: Settings, context: Context): Change | Promise<Change>;
}

/** A setting that is on or off. */
const flag = (
  setting: SettingName,
  about: string,
  read: (values: Settings) => boolean | null,
  write: (isOn: boolean, values: Settings) => Change,
): Row => ({
  setting,
  takes: 'on|off',
  about,
  read,
  write: (value, values) => write(isOn(value), values),
});

const notice = (kind: keyof Settings['notifications'], about: string): Row =>
  flag(
    'notifications',
    about,
    ({ notifications }) => notifications[kind],
    (isOn, { notifications }) => ({ notifications: { ...notifications, [kind]: isOn } }),
  );

const ROWS = {
  'start-at-login': flag(
    'startAtLogin',
    'The app starts when you sign in to this computer.',
    ({ startAtLogin }) => startAtLogin,
    (startAtLogin) => ({ startAtLogin }),
  ),
  'start-hidden': flag(
    'startHidden',
    'It starts without its window.',
    ({ startHidden }) => startHidden,
    (startHidden) => ({ startHidden }),
  ),
  'auto-connect': flag(
    'autoConnect',
    'Marked services connect by themselves when you sign in.',
    ({ autoConnect }) => autoConnect,
    (autoConnect) => ({ autoConnect }),
  ),
  theme: {
    setting: 'theme',
    takes: THEMES.join('|'),
    about: 'Of the window.',
    read: ({ theme }) => theme,
    write(value) {
      const theme = THEMES.find((each) => each === value);
      if (theme) return { theme };
      throw usage(`"${value}" is no theme: use ${THEMES.join(', ')}.`);
    },
  },
  'notify-session': notice('session', 'A notification where you have to sign in.'),
  'notify-trouble': notice('trouble', 'A notification where something does not work.'),
  'notify-update': notice('update', 'A notification where a newer version is ready.'),
  'warn-minutes': {
    setting: 'warnBeforeExpiryMinutes',
    takes: 'MINUTES',
    about: 'Warn so long before a session ends that you have to renew; 0: never.',
    read: ({ warnBeforeExpiryMinutes }) => warnBeforeExpiryMinutes,
    write: (value) => ({ warnBeforeExpiryMinutes: minutes(value) }),
  },
  proxy: {
    setting: 'proxy',
    takes: 'system|none|HOST:PORT',
    about: 'The HTTP proxy on the way to your organisation.',
    read: ({ proxy }) => (proxy.kind === 'own' ? proxyWords(proxy) : proxy.kind),
    write: (value, _, context) => proxyOf(value, context),
  },
  updates: flag(
    'updates',
    'The app looks for newer versions by itself.',
    ({ updates }) => updates,
    (updates) => ({ updates }),
  ),
  'any-local-user': {
    ...flag(
      'anyLocalUser',
      'UNSAFE: every user of this computer reaches your services with your rights.',
      ({ anyLocalUser }) => anyLocalUser,
      (anyLocalUser) => ({ anyLocalUser }),
    ),
    async write(value, _, context) {
      const anyLocalUser = isOn(value);
      if (anyLocalUser)
        await confirm(context, 'Let every user of this computer use your connections?');
      return { anyLocalUser };
    },
  },
} as const satisfies Record<string, Row>;

type Name = keyof typeof ROWS;
export const NAMES = Object.keys(ROWS) as Name[];

export const settings: Command = async (context) => {
  const { home, print, arguments: given } = context;
  const [wanted, value] = given.positionals;
  const name = wanted === undefined ? null : nameOf(wanted);
  if (given.values['user'] !== undefined && (name !== 'proxy' || value === undefined)) {
    throw usage('--user belongs to a proxy: banyan settings proxy HOST:PORT --user NAME.');
  }
  const client = await reachClient(home, { readsOnly: value === undefined });
  try {
    let shown = (await snapshotOf(client)).slices.settings;
    if (name !== null && value !== undefined) {
      const row: Row = ROWS[name];
      if (row.read(shown.values) === null) throw notHere(name);
      const change = await row.write(value, shown.values, context);
      shown = await client.call('settings.change', change);
    }
    const listed = (name === null ? NAMES : [name]).flatMap((each) => facts(each, shown));
    print.result(
      { settings: listed },
      table(
        listed.map(({ name: each, value: now, managedBy }) => [
          each,
          words(now),
          managedBy === null ? ROWS[each].about : `${ROWS[each].about} Set by ${managedBy}.`,
        ]),
      ),
    );
  } finally {
    await client.close();
  }
};

function facts(name: Name, shown: ShownSettings) {
  const row: Row = ROWS[name];
  const value = row.read(shown.values);
  const managedBy = isLocked(shown, row.setting) ? (shown.managed?.by ?? null) : null;
  return value === null ? [] : [{ name, value, managedBy }];
}

const words = (value: Value): string =>
  typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value);

function nameOf(typed: string): Name {
  const name = NAMES.find((each) => each === typed);
  if (name) return name;
  const [meant] = closest(typed, NAMES);
  const perhaps = meant === undefined ? '' : ` Did you mean "${meant}"?`;
  throw usage(`There is no setting "${typed}".${perhaps} banyan settings lists them.`);
}

function isOn(value: string): boolean {
  if (value === 'on' || value === 'off') return value === 'on';
  throw usage(`"${value}" is neither on nor off.`);
}

const A_DAY = 1440;
function minutes(value: string): number {
  const count = /^\d{1,4}$/.test(value) ? Number(value) : Number.NaN;
  if (count <= A_DAY) return count;
  throw usage(`"${value}" is no number of minutes from 0 to ${A_DAY}.`);
}

/** Only the desktop app can tell; a client in a terminal is started by what `banyan up --install-service` writes. */
const notHere = (name: Name): AppError =>
  new AppError(
    'usage/invalid-input',
    `"${name}" is a setting of the app with its window, which does not run. A client without one starts by \`banyan up --install-service\`.`,
  );

async function proxyOf(value: string, { arguments: { values } }: Context): Promise<Change> {
  if (value === 'system' || value === 'none') return { proxy: { kind: value } };
  const user = String(values['user'] ?? '');
  // Asked for, never an argument: every program of the computer can read those.
  const password = user === '' ? {} : { password: await askSecret('Password of the proxy: ') };
  return { proxy: { kind: 'own', address: value, user, ...password } };
}

const proxyWords = ({ address, user }: Extract<ProxySetting, { kind: 'own' }>): string =>
  user === '' ? address : `${address} as ${user}`;
