// Names of calls and signals as plain data. Apart from the table, because the preload and the window need the names and
// not the schemas: with the table they would carry the whole schema library.
import type { CallName, SignalName } from './contract.ts';

/**
 * A record, so that a name that is missing or too many does not compile. `false`: the desktop window has it not;
 * `terminal`: a browser tab has it not either.
 */
const CALLS: Record<CallName, boolean | 'terminal'> = {
  'app.snapshot': true,
  'app.quit': true,
  'device.inspectInvite': true,
  'device.register': true,
  'device.inspectAddress': true,
  'device.registerBySignIn': true,
  'device.cancelRegistration': true,
  'device.registerAsManaged': true,
  'device.unlock': true,
  'device.certificates': true,
  'device.checkPosture': true,
  'device.unregister': true,
  'organisation.switch': true,
  'session.signIn': true,
  'session.signInWithCode': true,
  'session.cancelSignIn': true,
  'session.signOut': true,
  'settings.change': true,
  'updates.check': true,
  'updates.install': true,
  'activity.log': true,
  'activity.connections': true,
  'diagnostics.run': true,
  'diagnostics.save': true,
  'catalog.refresh': true,
  'service.open': true,
  // The client opens pages where it can; a terminal and a browser tab are given their address.
  'service.page': false,
  'service.star': true,
  'service.autoConnect': true,
  'link.dismiss': true,
  'program.look': true,
  'program.setSsh': true,
  'program.setKubernetes': true,
  // kubectl asks for it by a command; no page has a use for such a secret.
  'program.kubeToken': 'terminal',
  'program.saveRdp': true,
  'program.openRdp': true,
  'program.launch': true,
  'tunnel.open': true,
  'tunnel.close': true,
  'tunnel.override': true,
};

const SIGNALS: Record<SignalName, true> = {
  'organisations.changed': true,
  'registration.changed': true,
  'managed.changed': true,
  'device.changed': true,
  'session.changed': true,
  'catalog.changed': true,
  'tunnels.changed': true,
  'settings.changed': true,
  'links.changed': true,
  'updates.changed': true,
};

/** For the terminal, by the control socket. */
export const allCallNames = Object.keys(CALLS) as CallName[];
export const tabCallNames = allCallNames.filter((name) => CALLS[name] !== 'terminal');
/** For the desktop window. */
export const callNames = allCallNames.filter((name) => CALLS[name] === true);
export const signalNames = Object.keys(SIGNALS) as SignalName[];
