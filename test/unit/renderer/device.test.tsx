// @vitest-environment happy-dom
import { expect, it } from 'vitest';
import type { OwnCertificate } from '../../../src/shared/model/certificate.ts';
import { aRegisteredDevice, aSession, aSnapshot } from '../../fixtures/snapshots.ts';
import { renderApp } from '../../support/render-app.tsx';

const login = (serial: string): OwnCertificate => ({
  use: 'login',
  subject: 'O=Medsoft, CN=adam@medsoft.digital',
  issuer: 'O=Medsoft, CN=TrustCert CA',
  serial,
  names: ['email:adam@medsoft.digital'],
  validFrom: 0,
  validTo: Date.now() + 2.5 * 3_600_000,
});

it('says what the certificates say, and what the next one says after a renewal', async () => {
  let serial = '5a1f';
  const app = await renderApp(aSnapshot(), (fake) =>
    fake.answer('device.certificates', () => [login(serial)]),
  );
  await app.click('This device');
  const told = ['CN=adam@medsoft.digital', 'CN=TrustCert CA', '5a1f', 'email:', 'until'];
  for (const fact of told) expect(app.text()).toContain(fact);
  serial = '77b0';
  await app.act(() =>
    app.fake.emit('session.changed', { revision: 2, value: aSession(3_600_000) }),
  );
  expect(app.text()).toContain('77b0');
  expect(app.text()).not.toContain('5a1f');
});

it('says why there are none to be seen', async () => {
  const app = await renderApp(aSnapshot(), (fake) =>
    fake.refuse('device.certificates', 'device/certificate-expired', 'It ended in May.'),
  );
  await app.click('This device');
  expect(app.text()).toContain('It ended in May.');
});

it('extends a session that nothing renews, and offers nothing where that happens by itself', async () => {
  const quiet = await renderApp(aSnapshot());
  await quiet.click('This device');
  expect(quiet.text()).toContain('16 h 11 min left');
  expect(quiet.button('Extend')).toBeUndefined();
  await quiet.unmount();
  const session = { ...aSession(600_000), ending: { because: null } };
  const app = await renderApp(aSnapshot({ device: aRegisteredDevice(), session }), (fake) =>
    fake.hang('session.signIn'),
  );
  await app.click('This device');
  await app.click('Extend');
  expect(app.fake.calls.at(-1)).toEqual({ name: 'session.signIn', input: { openBrowser: true } });
});
