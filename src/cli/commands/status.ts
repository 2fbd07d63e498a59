// banyan status
import { explain, type WireError } from '../../shared/errors.ts';
import type { Slices } from '../../shared/ipc/contract.ts';
import { exhaustive } from '../../shared/exhaustive.ts';
import { isLocked } from '../../shared/model/device.ts';
import type { ManagedRegistration } from '../../shared/model/managed.ts';
import { isSignedIn, type SignInPrompt } from '../../shared/model/session.ts';
import { POSTURE_FACTORS, factorState, missingPrograms } from '../../shared/model/posture.ts';
import { FACTOR_NAMES, factorFix, LEVEL_NAMES } from '../../shared/model/posture-words.ts';
import { summary } from '../../shared/model/summary.ts';
import { type Command, snapshotOf } from '../context.ts';
import { localTime } from '../../shared/local-time.ts';
import { table } from '../print.ts';
import { reachClient } from '../reach-client.ts';
import { tunnelWords } from './services.ts';

export const status: Command = async ({ home, print }) => {
  const client = await reachClient(home, { readsOnly: true });
  try {
    const { app, slices } = await snapshotOf(client);
    const { device, session, tunnels, managed } = slices;
    const { headline } = summary(slices);
    const isRunning = !client.isOwn;
    print.result(
      {
        isRunning,
        version: app.version,
        home,
        headline,
        device,
        managed,
        session,
        tunnels: tunnels.states,
      },
      table([
        ['Banyan', `${app.version}, ${isRunning ? 'running' : 'not running'}`],
        // Before, the rows below say the same.
        ...(isSignedIn(session) || device.status === 'revoked' ? [['State', headline]] : []),
        ['Device', deviceWords(device)],
        ...(device.status === 'unregistered' && !isLocked(device) && managed.status === 'absent'
          ? [['Next', 'banyan register INVITE, with an invite from your administrator']]
          : []),
        ...managedRows(managed),
        ...tooOldRows(device),
        ...renewalRow(device),
        ...postureRows(device, app.platform),
        // Without a registration there is nothing to be signed in to.
        ...('device' in device ? [['Session', sessionWords(session)]] : []),
        ...connected(slices),
        ['Folder', home],
      ]),
    );
  } finally {
    await client.close();
  }
};

function deviceWords(device: Slices['device']): string {
  switch (device.status) {
    case 'unregistered':
      return `${isLocked(device) ? 'locked' : 'not registered'}${because(device.because)}`;
    case 'registering':
      return `registering with ${device.organisation}`;
    default: {
      const { name, certificateExpiresAt } = device.device;
      const until = localTime(certificateExpiresAt);
      const state = device.status === 'revoked' ? 'no longer accepted by' : 'registered with';
      return `${name}, ${state} ${device.organisation.name}, certificate until ${until}`;
    }
  }
}

export function managedRows(managed: Slices['managed']): string[][] {
  if (managed.status === 'absent') return [];
  if (managed.status === 'ignored') return [['Set up', explain(managed.because)]];
  return [['Set up', managedWords(managed.registration)]];
}

/** A keychain has to be seen to; a network that is away comes back by itself. */
const waitsFor = (error: WireError): string =>
  error.code.startsWith('device/') ? explain(error) : error.message;

function managedWords(registration: ManagedRegistration): string {
  if (registration.status === 'not-set') return 'your organisation has set this computer up';
  const { host } = registration.organisation;
  switch (registration.status) {
    case 'registered':
      return `your organisation has set this computer up, with ${host}`;
    case 'due':
      return `your organisation has it registered with ${host} as soon as Banyan runs (the app, or banyan up)`;
    case 'registering':
      return `registering with ${host}, as your organisation has set it up`;
    case 'waiting':
      return `not registered with ${host} yet: ${waitsFor(registration.because)} It is tried again at ${localTime(registration.retryAt)}.`;
    case 'refused':
      return `not registered with ${host}: ${explain(registration.because)}`;
    default:
      return exhaustive(registration);
  }
}

export const tooOldRows = (device: Slices['device']): string[][] =>
  device.status === 'registered' && device.tooOld ? [['Too old', explain(device.tooOld)]] : [];

const renewalRow = (device: Slices['device']): string[][] =>
  device.status === 'registered' && device.renewalFailed
    ? [['Certificate', explain(device.renewalFailed)]]
    : [];

/** The level, and only what wants attention; --json has all of it. */
export function postureRows(device: Slices['device'], platform: string): string[][] {
  const posture = device.status === 'registered' ? device.posture : undefined;
  if (!posture) return [];
  const { verdict } = posture;
  const missing = missingPrograms(posture);
  const cap = verdict?.capReason && `, held down by your administrator: ${verdict.capReason}`;
  return [
    ...(verdict ? [['Trust level', `${LEVEL_NAMES[verdict.trustLevel]}${cap ?? ''}`]] : []),
    ...POSTURE_FACTORS.filter((factor) => factorState(posture, factor) === 'failed').map(
      (factor) => ['To fix', `${FACTOR_NAMES[factor]}: ${factorFix(factor, platform, missing)}`],
    ),
    ...(posture.because ? [['Posture', `not reported (${posture.because.message})`]] : []),
  ];
}

export function sessionWords(session: Slices['session']): string {
  switch (session.status) {
    case 'signed-out':
      return `signed out${because(session.because)}`;
    case 'expired':
      return `ended${because(session.because)}: banyan login signs in again`;
    case 'signing-in':
      return `signing in${promptWords(session.prompt)}`;
    default: {
      const { person, expiresAt, ending } = session;
      const until = `${person.email || person.name}, until ${localTime(expiresAt)}`;
      if (session.status === 'extending')
        return `${until}; extending${promptWords(session.prompt)}`;
      if (!ending) return until;
      const why = because(ending.because ?? undefined);
      return `${until}; it cannot be renewed in silence${why}: banyan login extends it`;
    }
  }
}

function promptWords(prompt: SignInPrompt | null): string {
  if (prompt === null) return '';
  return prompt.by === 'browser'
    ? ` at ${prompt.url}`
    : ` at ${prompt.url} with ${prompt.userCode}`;
}

const because = (error: WireError | undefined): string => (error ? ` (${error.message})` : '');

const connected = ({ catalog, tunnels }: Slices): string[][] =>
  table(
    Object.entries(tunnels.states)
      .filter(([, tunnel]) => tunnel.status !== 'closed')
      .map(([id, tunnel]) => [
        catalog.services.find((service) => service.id === id)?.name ?? id,
        tunnelWords(tunnel),
      ]),
  ).map((line) => ['Service', line]);
