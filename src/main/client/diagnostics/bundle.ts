// What can be handed to somebody who helps: versions, states, settings, the log and what the last diagnoses found. No key,
// token or password is put in; names of people, of this computer's user and her folder are struck out of the rest.
import { arch, homedir, release } from 'node:os';
import path from 'node:path';
import type { Snapshot } from '../../../shared/ipc/contract.ts';
import { logLineText, type LogLine } from '../../../shared/model/activity.ts';
import type { Diagnosis } from '../../../shared/model/diagnosis.ts';
import type { Person, Session } from '../../../shared/model/session.ts';
import type { Tunnel } from '../../../shared/model/tunnel.ts';
import { redactText } from '../adapters/redact.ts';
import { privateFolder, writeAtomically } from '../settings/atomic-write.ts';

export interface BundleParts {
  snapshot: Snapshot;
  log: readonly LogLine[];
  diagnoses: readonly Diagnosis[];
  now: number;
}

export async function saveBundle(folder: string, parts: BundleParts): Promise<string> {
  await privateFolder(folder);
  const time = new Date(parts.now).toISOString().replaceAll(/[:.]/g, '-');
  const file = path.join(folder, `banyan-${time}.json`);
  await writeAtomically(file, bundleText(parts));
  return file;
}

export function bundleText({ snapshot, log, diagnoses, now }: BundleParts): string {
  const { app, slices } = snapshot;
  const { device, session, catalog, tunnels, settings } = slices;
  const { proxy, ...plain } = settings.values;
  const about = {
    madeAt: new Date(now).toISOString(),
    versions: {
      banyan: app.version,
      node: process.versions.node,
      electron: process.versions['electron'] ?? null,
      system: `${process.platform} ${release()} ${arch()}`,
    },
    settings: {
      ...plain,
      proxy: proxy.kind === 'own' ? { kind: proxy.kind, address: proxy.address } : proxy,
      managed: settings.managed,
    },
    device: {
      status: device.status,
      ...('organisation' in device &&
        typeof device.organisation === 'object' && {
          organisation: device.organisation.host,
          rootFingerprint: device.organisation.rootFingerprint,
        }),
      ...('secrets' in device && { secrets: device.secrets }),
      ...('device' in device && {
        certificateExpiresAt: new Date(device.device.certificateExpiresAt).toISOString(),
      }),
      ...('posture' in device && { posture: device.posture }),
      ...('because' in device && { because: device.because }),
    },
    session: {
      status: session.status,
      ...('expiresAt' in session && { expiresAt: new Date(session.expiresAt).toISOString() }),
      ...('because' in session && { because: session.because }),
    },
    catalogue: catalog.status,
    services: catalog.services.map(({ id, type, mode, access, accessTier }) => ({
      id,
      type,
      mode,
      // Without its reason: a sentence of an administrator, which may name somebody.
      access: access.status === 'denied' ? { status: access.status, code: access.code } : access,
      accessTier,
      tunnel: tunnelFacts(tunnels.states[id]),
    })),
    diagnoses: diagnoses.map(({ at, ...rest }) => ({ at: new Date(at).toISOString(), ...rest })),
    log: log.map(logLineText),
  };
  return `${JSON.stringify(withoutPeople(redactAll(about), snapshot), null, 2)}\n`;
}

const tunnelFacts = (tunnel: Tunnel | undefined): object => ({
  status: tunnel?.status ?? 'closed',
  ...(tunnel?.status === 'failed' && { error: tunnel.error }),
  ...(tunnel?.status === 'open' && tunnel.trouble && { trouble: tunnel.trouble }),
  ...(tunnel?.status === 'open' && tunnel.lastRefusal && { lastRefusal: tunnel.lastRefusal }),
});

const E_MAIL = /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g;

function withoutPeople(value: unknown, { app, slices }: Snapshot): unknown {
  const person = personOf(slices.session);
  const deviceName = 'device' in slices.device ? slices.device.device.name : '';
  const words: [text: string, instead: string][] = [
    [app.certificatesFolder, '<home>'],
    [path.dirname(app.certificatesFolder), '<folder>'],
    // Ours need not be right in it: on Linux it is below `.config`.
    [homedir(), '<user>'],
    [person?.email ?? '', '<person>'],
    [person?.name ?? '', '<person>'],
    [person?.subject ?? '', '<person>'],
    [deviceName, '<device>'],
    [app.hostName, '<device>'],
  ];
  // The longest first: one may be part of another.
  const telling = words
    .filter(([text]) => text !== '')
    .sort(([one], [other]) => other.length - one.length)
    .map(([text, instead]) => [wherever(text), instead] as const);
  return everyText(value, (text) =>
    telling
      .reduce((clean, [found, instead]) => clean.replaceAll(found, instead), text)
      .replaceAll(E_MAIL, '<person>'),
  );
}

const SHORT = 3;

/** What is short stands in ordinary words too, where it names nobody: only as a word of its own. */
function wherever(text: string): RegExp {
  const plain = text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(
    text.length > SHORT ? plain : `(?<![\\p{L}\\p{N}])${plain}(?![\\p{L}\\p{N}])`,
    'gu',
  );
}

const redactAll = (value: unknown): unknown => everyText(value, redactText);

function everyText(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((item) => everyText(item, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, everyText(item, change)]),
  );
}

function personOf(session: Session): Person | null {
  if ('person' in session) return session.person;
  return session.status === 'signing-in' ? personOf(session.before) : null;
}
