// Words of the settings.
import type { NoticeKind, ProxyProblem, ProxySetting, Theme } from '../../shared/model/settings.ts';

export const settingsText = {
  title: 'Settings',
  about: 'For this computer, whichever organisation is active.',
  groups: {
    start: 'Start',
    look: 'Appearance',
    notifications: 'Notifications',
    network: 'Network',
    updates: 'Updates',
    secrets: 'Keys and secrets',
    unsafe: 'Unsafe',
  },
  startAtLogin: 'Start when I sign in to this computer',
  startHidden: 'Start hidden',
  startHiddenHelp:
    'No window at the start: Banyan is in the tray. Starting it again opens the window.',
  noTray: 'No tray on this desktop',
  noTrayHelp:
    'So Banyan always starts with its window, and closing that quits it. On GNOME the extension “AppIndicator and KStatusNotifierItem Support” shows tray icons; Banyan looks for it at its next start.',
  autoConnect: 'Connect automatically',
  autoConnectHelp:
    'Services that you or your organisation have marked for it, each time you sign in.',
  theme: 'Theme',
  themes: { system: 'Same as system', light: 'Light', dark: 'Dark' } satisfies Record<
    Theme,
    string
  >,
  notices: {
    session: 'Sign-in needed',
    trouble: 'Problems',
    update: 'Newer versions',
  } satisfies Record<NoticeKind, string>,
  noticesHelp: {
    session: 'Your session ends soon, or connections wait for you to sign in.',
    trouble: 'A service is refused to you, a port is taken, a setting cannot be used.',
    update: 'A newer version is downloaded and can be used.',
  } satisfies Record<NoticeKind, string>,
  warning: 'Warn before a session ends',
  warningHelp:
    'Only when you have to sign in again for it; most sessions are renewed by themselves.',
  warningChoice: (minutes: number) => (minutes === 0 ? 'Never' : `${minutes} min`),
  proxy: 'Proxy',
  proxies: {
    system: 'Same as system',
    none: 'None',
    own: 'Custom',
  } satisfies Record<ProxySetting['kind'], string>,
  proxiesHelp: {
    system: 'The proxy that HTTPS_PROXY and NO_PROXY name, as in other programs.',
    none: 'Always connect directly.',
    own: 'An HTTP proxy that lets CONNECT through.',
  } satisfies Record<ProxySetting['kind'], string>,
  proxyAddress: 'Address of the proxy',
  proxyAddressHelp: 'e.g. proxy.example.com:3128',
  proxyUser: 'User name',
  proxyUserHelp: 'Only where the proxy asks for one.',
  proxyPassword: 'Password',
  proxyPasswordKept: 'One is kept. It is not shown; type another one to replace it.',
  proxyPasswordHelp: 'Kept in a file that only you can read.',
  proxyProblems: {
    empty: 'Type the address of the proxy.',
    kind: 'Only http:// proxies work. Leave the scheme away, or write http://.',
    form: 'Write it as host:port, without a path.',
    port: 'Add the port, a number from 1 to 65535: host:port.',
  } satisfies Record<ProxyProblem, string>,
  proxySave: 'Use this proxy',
  proxySaved: 'In use. Services that are connected take it when they are connected again.',
  secrets: 'Not kept anywhere yet',
  secretsLater:
    'You choose where when you register this computer: in the keychain, in a file, or in memory.',
  early: 'Settings',
  secretsChange: (organisation: string) =>
    `The place is chosen when a device is registered. To change it, leave ${organisation} on the page of this device and register again.`,
  anyLocalUser: 'Let every user of this computer use my connections',
  anyLocalUserHelp:
    'Anybody who is signed in here, and any program, then reaches your services with your rights.',
  anyLocalUserAsk: 'Let every user of this computer use your connections?',
  anyLocalUserWarn:
    'Banyan refuses other users of this computer. Without that, whoever else works on it reaches what you have connected, under your name. It holds for services that are connected from now on.',
  anyLocalUserYes: 'Let everybody use them',
  managed: (by: string) => `Managed by ${by}`,
  managedHelp: (by: string) =>
    `What carries a lock is set by ${by}. Ask your administrator to change it.`,
  locked: (by: string) => `Set by ${by}`,
};
