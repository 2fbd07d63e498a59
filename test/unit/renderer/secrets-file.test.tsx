// @vitest-environment happy-dom
import { expect, it } from 'vitest';
import { aFreshSnapshot, FINGERPRINT, INVITE, linkedTo } from '../../fixtures/snapshots.ts';
import { renderApp } from '../../support/render-app.tsx';

const locked = (code: 'device/passphrase-needed' | 'client/storage-corrupt') => {
  const snapshot = aFreshSnapshot();
  const device = { status: 'unregistered' as const, because: { code, message: 'Locked.' } };
  return { ...snapshot, slices: { ...snapshot.slices, device } };
};

it('a device whose secrets are locked asks for the passphrase, and says when it is the wrong one', async () => {
  const app = await renderApp(locked('device/passphrase-needed'), (fake) =>
    fake.refuse('device.unlock', 'device/passphrase-wrong', 'That does not open it.'),
  );
  expect(app.button('Unlock')?.disabled).toBe(true);
  expect(app.field('Passphrase').getAttribute('type')).toBe('password');
  await app.type('Passphrase', 'correct house');
  await app.click('Unlock');
  expect(app.fake.calls.at(-1)).toEqual({
    name: 'device.unlock',
    input: { passphrase: 'correct house' },
  });
  expect(app.text()).toContain('That does not open it.');
  await app.click('Register anew instead');
  expect(app.text()).toContain('Join your organisation');
});

it('asks for no passphrase where something else is wrong', async () => {
  const app = await renderApp(locked('client/storage-corrupt'));
  expect(app.button('Unlock')).toBeUndefined();
});

it('takes a new passphrase only when it was typed twice, and sends it only for a file', async () => {
  const app = await renderApp(
    aFreshSnapshot({ suggestedSecretStore: 'file' }, linkedTo({ invite: INVITE })),
    (fake) => {
      fake.answer('device.inspectInvite', () => ({
        organisationName: 'Medsoft',
        host: 'banyan.medsoft.example',
        rootFingerprint: FINGERPRINT,
      }));
      fake.hang('device.register');
    },
  );
  await app.click('Continue');
  await app.click('Yes, this is Medsoft');
  expect(app.button('Register')?.disabled).toBe(true);
  await app.type('New passphrase', 'short');
  expect(app.text()).toContain('A passphrase has at least 8 characters.');
  await app.type('New passphrase', 'correct horse');
  await app.type('New passphrase, once more', 'correct house');
  expect(app.text()).toContain('The two are not the same.');
  expect(app.button('Register')?.disabled).toBe(true);
  await app.type('New passphrase, once more', 'correct horse');
  await app.click('Register');
  expect(app.fake.calls.at(-1)).toMatchObject({
    name: 'device.register',
    input: { secrets: 'file', passphrase: 'correct horse' },
  });
  expect(app.fake.calls.at(-1)?.input).not.toHaveProperty('passphraseAgain');
});
