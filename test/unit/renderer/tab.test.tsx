// @vitest-environment happy-dom
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Session } from '../../../src/shared/model/session.ts';
import { fakeLink } from '../../fakes/fake-link.ts';
import { aService, aSession, aSnapshot } from '../../fixtures/snapshots.ts';
import { type RenderedApp, renderApp } from '../../support/render-app.tsx';

const service = aService({ assignedPort: 5433 });
const connected = aSnapshot({
  catalog: { status: 'current', services: [service] },
  tunnels: {
    states: {
      [service.id]: { status: 'open', address: { host: '127.0.0.1', port: 5433 }, openedAt: 0 },
    },
    ports: {},
  },
});
const URL = 'https://sign-in.example/';
const signingIn = (before: Extract<Session, { status: 'signed-out' | 'expired' }>) =>
  aSnapshot({
    session: { status: 'signing-in', before, startedAt: 0, prompt: { by: 'browser', url: URL } },
  });
const stateWord = (): string => document.querySelector('.row .state')?.textContent ?? '';
const linkCalled = (name: string): HTMLAnchorElement | undefined =>
  [...document.querySelectorAll('a')].find((each) => each.textContent === name);

let app: RenderedApp;
afterEach(() => app.unmount());

describe('a tab whose client falls silent', () => {
  afterEach(() => void vi.useRealTimers());

  async function interrupted() {
    const link = fakeLink();
    app = await renderApp(connected, () => {}, link);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const pass = (ms: number, change = () => {}) =>
      app.actNow(() => {
        change();
        vi.advanceTimersByTime(ms);
      });
    pass(0, () => link.become('interrupted'));
    return { link, pass };
  }

  it('says so at once, and no longer calls anything connected', async () => {
    await interrupted();
    expect(app.text()).toContain('Banyan does not answer. Trying again…');
    expect(stateWord()).toBe('Checking…');
    expect(document.querySelector('h1')?.textContent).toBe('Services');
  });

  it('after five seconds shows nothing but that Banyan has stopped', async () => {
    const { pass } = await interrupted();
    pass(4_900);
    expect(app.text()).not.toContain('Banyan has stopped');
    pass(200);
    expect(app.text()).toContain('Banyan has stopped');
    expect(app.text()).not.toContain('Ledger database');
  });

  it('comes back by itself, and is patient again the next time', async () => {
    const { link, pass } = await interrupted();
    pass(6_000);
    pass(0, () => link.become('connected'));
    expect(stateWord()).toBe('Connected');
    pass(0, () => link.become('interrupted'));
    expect(app.text()).not.toContain('Banyan has stopped');
  });
});

describe('a tab that only a new link helps', () => {
  it('tells a used link from a lost permission, and names no command', async () => {
    app = await renderApp(connected, () => {}, fakeLink('used'));
    expect(app.text()).toContain('This link has been used');
    expect(app.text()).toContain('it prints a new link when you press Enter there');
    expect(app.text()).not.toContain('banyan ui');
    await app.unmount();
    app = await renderApp(connected, () => {}, fakeLink('gone'));
    expect(app.text()).toContain('Banyan is not in this tab');
    expect(app.text()).not.toContain('banyan ui');
  });
});

describe('sign-in from a tab', () => {
  it('leads to the sign-in page by a link and does not claim that one has opened', async () => {
    app = await renderApp(signingIn({ status: 'signed-out' }), () => {}, fakeLink());
    expect(document.querySelector('h1')?.textContent).toBe('Finish on the sign-in page');
    expect(app.text()).not.toContain('page that opened');
    const link = linkCalled('Open the sign-in page');
    expect(link).toMatchObject({ href: URL, target: '_blank', rel: 'noreferrer' });
    expect(link?.className).toContain('primary');
    expect(app.button('Copy link')).toBeDefined();
  });

  it('has the same link in the banner after a session has ended', async () => {
    const { person } = aSession();
    const because = { code: 'identity/session-expired', message: 'It ended.' } as const;
    app = await renderApp(signingIn({ status: 'expired', person, because }), () => {}, fakeLink());
    expect(linkCalled('Open the sign-in page')?.href).toBe(URL);
    expect(app.text()).toContain('Approve the sign-in there. This tab goes on by itself.');
  });

  it('is not given up by Esc', async () => {
    app = await renderApp(signingIn({ status: 'signed-out' }), () => {}, fakeLink());
    await app.press('Escape');
    expect(app.fake.calls.map(({ name }) => name)).toEqual(['app.snapshot']);
  });
});

describe('the sign-in of the desktop app', () => {
  it('goes on in the page that the app has opened', async () => {
    app = await renderApp(signingIn({ status: 'signed-out' }));
    expect(document.querySelector('h1')?.textContent).toBe('Finish in your browser');
    expect(linkCalled('Open the sign-in page')).toBeUndefined();
  });
});

it('a tab that shows a code calls itself a tab', async () => {
  const prompt = {
    by: 'device-code' as const,
    url: URL,
    urlWithCode: URL,
    userCode: 'WDJB-MJHT',
    expiresAt: 0,
  };
  const session = { status: 'signing-in' as const, startedAt: 0, prompt };
  const link = fakeLink();
  app = await renderApp(
    aSnapshot({ session: { ...session, before: { status: 'signed-out' } } }),
    () => {},
    link,
  );
  await app.act(() => link.become('connected'));
  expect(app.text()).toContain('This tab goes on by itself.');
});
