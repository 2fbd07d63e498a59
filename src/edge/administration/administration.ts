// What an administrator can ask of this edge, put together. Whoever asks has opened the control socket, which the file
// system allows to the edge's own account only, or has a key for the part of it that REST carries; each change is in the
// audit.
import { AppError } from '../../shared/errors.ts';
import type { Audit, AuditLine } from '../audit/audit.ts';
import type { Rulebook } from '../command-center/rulebook.ts';
import type { Invites } from '../enrolment/invites.ts';
import { fingerprintOf, type Settings } from '../settings.ts';
import type { ApiKeys } from './api-keys.ts';
import type { CallInput } from './calls.ts';
import type { Handlers, Listener } from './control-server.ts';
import { createDocumentCalls, type DocumentsOptions } from './documents.ts';
import { createPeopleCalls, type PeopleOptions } from './people.ts';
import { createRecordChange } from './record-change.ts';

const HOUR = 3600;
const DAY = 24 * HOUR;

export interface AdministrationOptions
  extends
    Omit<PeopleOptions, 'recordChange'>,
    Pick<DocumentsOptions, 'problemsOf' | 'conflictOf' | 'certificateOf'> {
  audit: Audit;
  rulebook: Rulebook;
  invites: Invites;
  settings: Settings;
  apiKeys: ApiKeys;
  linkOf(code: string): string;
  /** What this edge is and where. */
  facts: EdgeFacts;
}

export interface EdgeFacts {
  name: string;
  organisation: string;
  rootFingerprint: string;
  /** `host:port`; empty host: under the domain of each service. */
  accessTier: string;
  /** What SSH servers trust: `ssh-ed25519 AAAA…`. */
  sshAuthority: string;
}

export type Administration = ReturnType<typeof createAdministration>;

export function createAdministration(options: AdministrationOptions) {
  const { audit, rulebook, settings, users, devices, sessions, facts } = options;
  const recordChange = createRecordChange(audit);
  return {
    async status() {
      return {
        pid: process.pid,
        ...facts,
        services: rulebook.services().length,
        users: (await users.list()).length,
        devices: (await devices.list()).length,
        sessions: (await sessions.list()).length,
      };
    },
    ...createDocumentCalls({ ...options, recordChange }),
    ...createPeopleCalls({ ...options, recordChange }),
    ...createInviteCalls(options, recordChange),
    ...createSettingsCalls(settings, devices, recordChange),
    ...createApiKeyCalls(options, recordChange),
    async 'audit.list'({ last, ...filter }: CallInput<'audit.list'>) {
      return { entries: await audit.last(last, matches(filter)) };
    },
    async 'audit.follow'({ last, ...filter }: CallInput<'audit.follow'>, listener: Listener) {
      const isWanted = matches(filter);
      // Listening begins first, or what happens while the file is read would be missing; nothing is told twice.
      const early: AuditLine[] = [];
      let tell = (line: AuditLine): void => void early.push(line);
      const stop = audit.on((line) => {
        if (isWanted(line)) tell(line);
      });
      const entries = await audit.last(last, isWanted);
      const known = new Set(entries.map((entry) => JSON.stringify(entry)));
      const missed = early.filter((entry) => !known.has(JSON.stringify(entry)));
      for (const entry of [...entries, ...missed]) listener.tell(entry);
      tell = (line) => listener.tell(line);
      await listener.gone;
      stop();
      return {};
    },
  } satisfies Handlers;
}

const matches =
  ({ event, refused, about }: Omit<CallInput<'audit.list'>, 'last'>) =>
  (line: AuditLine): boolean =>
    (event === undefined || line.event === event) &&
    (!refused || !line.allowed) &&
    (about === undefined ||
      Object.values(line).includes(about) ||
      (line.service?.startsWith(`${about}.`) ?? false));

type RecordChange = ReturnType<typeof createRecordChange>;

const createInviteCalls = (
  { invites, linkOf }: Pick<AdministrationOptions, 'invites' | 'linkOf'>,
  recordChange: RecordChange,
) => ({
  async 'invite.create'({ hours, by }: CallInput<'invite.create'>) {
    const { id, code } = await invites.create(hours * HOUR);
    await recordChange({ action: 'invite.create', subject: id, by });
    return { id, invite: linkOf(code), expiresAt: Math.floor(Date.now() / 1000) + hours * HOUR };
  },
  async 'invite.deployment'({ name, uses, days, by }: CallInput<'invite.deployment'>) {
    const { id, code } = await invites
      .createDeployment({ name, uses, lifetimeSeconds: days * DAY })
      .catch((error: unknown) => {
        if (!(error instanceof RangeError)) throw error;
        throw new AppError('edge/value-invalid', error.message, { cause: error });
      });
    await recordChange({ action: 'invite.deployment', subject: id, by });
    return { id, invite: linkOf(code), expiresAt: Math.floor(Date.now() / 1000) + days * DAY };
  },
  'invite.list': async () => ({ invites: await invites.list() }),
  async 'invite.revoke'({ invite, by }: CallInput<'invite.revoke'>) {
    if (!(await invites.revoke(invite))) {
      throw new AppError('edge/not-found', `There is no invite "${invite}".`);
    }
    await recordChange({ action: 'invite.revoke', subject: invite, by });
    return { id: invite };
  },
});

const createApiKeyCalls = (
  { apiKeys }: Pick<AdministrationOptions, 'apiKeys'>,
  recordChange: RecordChange,
) => ({
  async 'api-key.create'({ name, role, days, by }: CallInput<'api-key.create'>) {
    const key = await apiKeys.create({ name, role, lifetimeSeconds: days * DAY, by });
    if (key === null) throw new AppError('edge/in-use', `There is a key "${name}" already.`);
    await recordChange({ action: 'api-key.create', subject: `${name} ${role}`, by });
    return { name, role, key, expiresAt: Math.floor(Date.now() / 1000) + days * DAY };
  },
  'api-key.list': async () => ({ keys: await apiKeys.list() }),
  async 'api-key.revoke'({ name, by }: CallInput<'api-key.revoke'>) {
    if (!(await apiKeys.revoke(name))) {
      throw new AppError('edge/not-found', `There is no key "${name}".`);
    }
    await recordChange({ action: 'api-key.revoke', subject: name, by });
    return { name };
  },
});

function createSettingsCalls(
  settings: Settings,
  devices: AdministrationOptions['devices'],
  recordChange: RecordChange,
) {
  const show = () => ({
    tokenLifetimeHours: settings.trustTokenSeconds() / HOUR,
    unregisteredDevices: settings.allowsUnregisteredDevices() ? 'allowed' : 'dropped',
    deviceManagers: settings.deviceManagers().map(({ name, ownership, certificate }) => ({
      name,
      ownership,
      subject: certificate.subject.replaceAll('\n', ', '),
      fingerprint: fingerprintOf(certificate),
      until: Math.floor(Date.parse(certificate.validTo) / 1000),
    })),
  });
  return {
    'settings.show': () => Promise.resolve(show()),
    async 'settings.set'(input: CallInput<'settings.set'>) {
      const { tokenLifetimeHours: hours, unregisteredDevices: how, by } = input;
      if (hours !== undefined) {
        await settings.setTokenLifetime(hours);
        await recordChange({
          action: 'settings.set',
          subject: `token lifetime ${hours} hours`,
          by,
        });
      }
      if (how !== undefined) {
        await settings.setUnregisteredDevices(how);
        await recordChange({ action: 'settings.set', subject: `unregistered devices ${how}`, by });
      }
      return show();
    },
    async 'settings.ca.add'({ by, ...manager }: CallInput<'settings.ca.add'>) {
      await settings.addDeviceManager(manager);
      await recordChange({ action: 'settings.ca.add', subject: manager.name, by });
      return show();
    },
    async 'settings.ca.remove'({ name, by }: CallInput<'settings.ca.remove'>) {
      if (!(await settings.removeDeviceManager(name))) {
        throw new AppError('edge/not-found', `There is no Device Manager "${name}".`);
      }
      const recorded = recordChange({ action: 'settings.ca.remove', subject: name, by });
      // Its devices may not come back; who is signed in on one of them is not to go on either.
      const reason = 'Devices of this Device Manager are no longer accepted.';
      const own = ({ deviceId }: { deviceId: string }) => deviceId.startsWith(`${name}:`);
      const ended = await devices.endSessionsThat(own, reason);
      await recorded;
      return { ...show(), ended };
    },
  };
}
