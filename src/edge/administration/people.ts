// People, their devices and their sign-ins. What is taken away ends at once, wherever it is used.
import { AppError } from '../../shared/errors.ts';
import type { Changes } from '../changes.ts';
import type { Devices } from '../devices.ts';
import { judgePosture, type PostureRules } from '../policy/posture.ts';
import type { DeviceRecord, UserRecord } from '../store/store.ts';
import type { Session, Sessions } from '../trust-provider/sessions.ts';
import type { Users } from '../trust-provider/users.ts';
import type { CallInput } from './calls.ts';
import type { RecordChange } from './record-change.ts';

export interface PeopleOptions {
  users: Users;
  devices: Devices;
  sessions: Sessions;
  changes: Changes;
  posture: PostureRules;
  recordChange: RecordChange;
}

const SWITCHED_OFF = 'Your account is switched off.';
const REMOVED = 'Your account was removed.';
const NEW_PASSWORD = 'Your password was changed.';

export function createPeopleCalls(options: PeopleOptions) {
  const { users, devices, sessions, changes, posture, recordChange } = options;
  const userOf = async (email: string): Promise<UserRecord> => {
    const user = await users.byEmail(email);
    if (user) return user;
    throw new AppError('edge/not-found', `There is nobody with the e-mail ${email}.`);
  };
  const endOf = (user: UserRecord, reason: string): Promise<number> =>
    devices.endSessionsThat(({ accountId }) => accountId === user.id, reason);
  const revokedForGood = (device: string, why: string): AppError =>
    new AppError('edge/device-revoked', `The device "${device}" was revoked, for good: ${why}`);
  const unknownDevice = (id: string): AppError =>
    new AppError('edge/not-found', `There is no device "${id}".`);

  return {
    async 'user.list'() {
      const live = await sessions.list();
      const all = (await users.list()).map((user) => ({
        ...shownUser(user),
        sessions: live.filter(({ accountId }) => accountId === user.id).length,
      }));
      return { users: all.toSorted((a, b) => a.email.localeCompare(b.email)) };
    },
    async 'user.add'({ by, ...user }: CallInput<'user.add'>) {
      if (!(await users.add(user))) {
        throw new AppError(
          'edge/in-use',
          `There is somebody with the e-mail ${user.email} already.`,
        );
      }
      await recordChange({ action: 'user.add', subject: user.email, by });
      return shownUser(await userOf(user.email));
    },
    /** Whoever knew the old one may be signed in with it. */
    async 'user.password'({ email, password, by }: CallInput<'user.password'>) {
      const user = await userOf(email);
      await users.setPassword(user.id, password);
      const ended = await endOf(user, NEW_PASSWORD);
      await recordChange({ action: 'user.password', subject: user.email, by });
      return { email: user.email, ended };
    },
    async 'user.groups'({ email, groups, by }: CallInput<'user.groups'>) {
      const user = await userOf(email);
      await users.update(user.id, { groups });
      changes.emit({ type: 'rules-changed' });
      await recordChange({
        action: 'user.groups',
        subject: `${user.email} ${groups.join(',')}`,
        by,
      });
      return { email: user.email, groups };
    },
    async 'user.enable'({ email, enabled, by }: CallInput<'user.enable'>) {
      const user = await userOf(email);
      await users.update(user.id, { disabled: !enabled });
      const ended = enabled ? 0 : await endOf(user, SWITCHED_OFF);
      await recordChange({
        action: `user.${enabled ? 'enable' : 'disable'}`,
        subject: user.email,
        by,
      });
      return { email: user.email, enabled, ended };
    },
    async 'user.delete'({ email, by }: CallInput<'user.delete'>) {
      const user = await userOf(email);
      await users.remove(user.id);
      const ended = await endOf(user, REMOVED);
      await recordChange({ action: 'user.delete', subject: user.email, by });
      return { email: user.email, ended };
    },

    async 'device.list'() {
      const live = await sessions.list();
      const all = (await devices.list()).map((device) => ({
        ...shownDevice(device, posture),
        sessions: live.filter(({ deviceId }) => deviceId === device.id).length,
      }));
      return { devices: all };
    },
    async 'device.ban'({ device, banned, reason, by }: CallInput<'device.ban'>) {
      const { revoked } = (await devices.list()).find(({ id }) => id === device) ?? {};
      if (!banned && revoked !== undefined) throw revokedForGood(device, revoked);
      if (!(await devices.ban(device, banned ? reason : null))) throw unknownDevice(device);
      const action = `device.${banned ? 'ban' : 'unban'}`;
      await recordChange({ action, subject: device, ...(banned && { reason }), by });
      return { device, banned };
    },
    async 'device.revoke'({ device, reason, by }: CallInput<'device.revoke'>) {
      if (!(await devices.revoke(device, reason))) throw unknownDevice(device);
      await recordChange({ action: 'device.revoke', subject: device, reason, by });
      return { device };
    },
    async 'device.cap'({ device, level, reason, by }: CallInput<'device.cap'>) {
      if (!(await devices.capTrustLevel(device, level, reason))) throw unknownDevice(device);
      const subject = `${device} ${level ?? 'none'}`;
      await recordChange({ action: 'device.cap', subject, ...(level && { reason }), by });
      return { device, level };
    },

    async 'session.list'() {
      const people = new Map((await users.list()).map((user) => [user.id, user.email]));
      const live = await sessions.list();
      return {
        sessions: live.map(({ accountId = '', ...session }) => ({
          ...session,
          person: people.get(accountId) ?? accountId,
        })),
      };
    },
    async 'session.end'(input: CallInput<'session.end'>) {
      const matches = await chosen(input, userOf);
      const ended = await devices.endSessionsThat(matches, input.reason);
      if (ended === 0) throw new AppError('edge/not-found', 'There is no such session.');
      const subject = [input.session, input.device, input.email].find((part) => part) ?? '';
      await recordChange({ action: 'session.end', subject, reason: input.reason, by: input.by });
      return { ended };
    },
  };
}

async function chosen(
  { session, device, email }: CallInput<'session.end'>,
  userOf: (email: string) => Promise<UserRecord>,
): Promise<(candidate: Session) => boolean> {
  if ([session, device, email].filter((part) => part !== undefined).length !== 1) {
    throw new AppError('edge/value-invalid', 'One session, one device or one person is expected.');
  }
  const accountId = email === undefined ? undefined : (await userOf(email)).id;
  return (candidate) =>
    candidate.id === session ||
    candidate.deviceId === device ||
    (accountId !== undefined && candidate.accountId === accountId);
}

/** Never the password's hash. */
const shownUser = ({ email, name, groups, disabled }: UserRecord) => ({
  email,
  name,
  groups,
  enabled: disabled !== true,
});

function shownDevice(device: DeviceRecord, rules: PostureRules) {
  const { id, name, ownership, platform, serialNumber, registeredAt, owner = '' } = device;
  const { level, failed, unknown } = judgePosture(device, rules);
  return {
    id,
    name,
    owner,
    platform,
    ownership,
    serialNumber,
    registeredAt,
    state: stateOf(device),
    why: device.revoked ?? device.banned ?? '',
    trustLevel: level,
    failed,
    unknown,
    cap: device.cap?.level ?? null,
    manager: device.manager ?? null,
    deployment: device.deployment ?? null,
  };
}

const stateOf = ({ revoked, banned }: DeviceRecord): 'revoked' | 'banned' | 'registered' => {
  if (revoked !== undefined) return 'revoked';
  return banned === undefined ? 'registered' : 'banned';
};
