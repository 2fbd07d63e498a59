import { expect, test } from 'vitest';
import { createMemoryStore } from '../../../../src/edge/store/memory-store.ts';
import { createThrottle } from '../../../../src/edge/trust-provider/throttle.ts';
import { createUsers } from '../../../../src/edge/trust-provider/users.ts';

const EMAIL = 'dana@demo.example';

async function withDana() {
  const throttle = (freeAttempts: number) =>
    createThrottle({ freeAttempts, firstDelayMs: 1_000, longestDelayMs: 4_000 }, () => 0);
  const users = createUsers(createMemoryStore(), { device: throttle(3), person: throttle(7) });
  await users.put({ id: 'u', email: EMAIL, name: 'Dana', groups: [], password: 'right' });
  const signIn = (deviceId: string, password = 'right', email = EMAIL) =>
    users.check({ email, password, deviceId });
  return {
    signIn,
    switchOff: () => users.update('u', { disabled: true }),
    isFound: async () => (await users.find('u')) !== undefined,
    fromNowhere: (deviceId: string, password: string) =>
      users.check({ email: EMAIL, password, deviceId, isStranger: true }),
    guess: (deviceId: string, times: number) =>
      Promise.all(
        Array.from({ length: times }, (_, index) => signIn(deviceId, `guess ${index}`, EMAIL)),
      ),
  };
}

test('many guesses at once do not get around the lock, and the right password waits too', async () => {
  const { signIn, guess } = await withDana();
  expect(await signIn('mine', 'right', 'Dana@Demo.Example')).toMatchObject({ ok: true });
  const guesses = await guess('mine', 8);
  expect(guesses.filter((each) => !each.ok && each.why === 'locked')).toHaveLength(5);
  expect(await signIn('mine')).toEqual({ ok: false, why: 'locked' });
});

test('a device that guesses does not lock the person out at another one', async () => {
  const { signIn, guess } = await withDana();
  await guess('theirs', 100);
  expect(await signIn('mine')).toMatchObject({ ok: true });
  expect(await signIn('theirs')).toEqual({ ok: false, why: 'locked' });
});

test('many devices that guess together are slowed down together', async () => {
  const { signIn, guess } = await withDana();
  for (const device of ['a', 'b', 'c']) await guess(device, 3);
  expect(await signIn('mine')).toEqual({ ok: false, why: 'locked' });
});

test('strangers of many networks are slowed down together, and lock nobody out at a device', async () => {
  const { signIn, fromNowhere } = await withDana();
  for (let network = 0; network < 7; network += 1) await fromNowhere(`192.0.2.${network}`, 'guess');
  expect(await fromNowhere('198.51.100.1', 'right')).toEqual({ ok: false, why: 'locked' });
  expect(await signIn('mine')).toMatchObject({ ok: true });
});

test('whoever is switched off is told so for the right password alone, and is nobody', async () => {
  const { signIn, switchOff, isFound } = await withDana();
  expect(await isFound()).toBe(true);
  await switchOff();
  expect(await signIn('mine')).toEqual({ ok: false, why: 'disabled' });
  expect(await signIn('mine', 'guess')).toEqual({ ok: false, why: 'wrong' });
  expect(await isFound()).toBe(false);
});

test('an unknown person is answered like a wrong password', async () => {
  const { signIn } = await withDana();
  expect(await signIn('mine', 'x', 'nobody@demo.example')).toEqual({ ok: false, why: 'wrong' });
});

test('whoever is switched off while they arrive from another issuer stays switched off', async () => {
  const inner = createMemoryStore();
  const throttle = createThrottle({ freeAttempts: 1, firstDelayMs: 1, longestDelayMs: 1 });
  const throttles = { device: throttle, person: throttle };
  const upstream = 'https://issuer.example';
  const person = { subject: 's', email: EMAIL, name: 'Dana', groups: [] };
  const first = await createUsers(inner, throttles, upstream).arrived(person);
  const id = typeof first === 'string' ? '' : first.id;
  /** An administrator is faster than what is about to be stored. */
  const disabled = () =>
    inner.change('users', id, (user) => user && { ...user, disabled: true as const });
  const store: typeof inner = {
    ...inner,
    put: async (...record) => disabled().then(() => inner.put(...record)),
    change: async (...change) => disabled().then(() => inner.change(...change)),
  };
  const users = createUsers(store, throttles, upstream);
  expect(await users.arrived(person)).toBe('disabled');
  expect(await users.find(id)).toBeUndefined();
});

test('of two people of another issuer who arrive at once with one e-mail, one gets in', async () => {
  const throttle = createThrottle({ freeAttempts: 3, firstDelayMs: 1, longestDelayMs: 1 });
  const store = createMemoryStore();
  const users = createUsers(store, { device: throttle, person: throttle }, 'https://there.test');
  const arrive = (subject: string) =>
    users.arrived({ subject, email: EMAIL, name: subject, groups: [subject] });
  const ends = await Promise.all([arrive('one'), arrive('two')]);
  expect(ends.filter((end) => end === 'taken')).toHaveLength(1);
  expect(await users.list()).toHaveLength(1);
});
