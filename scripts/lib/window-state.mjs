// Brings a page of the built window into one of the states of test/fixtures/window-states.ts, without a client behind it.

/** Those that the documents show, light and dark, in docs/screens: every screen once, and its states that look different. */
export const DOCUMENTED = [
  'first-launch-1-empty',
  'first-launch-1-confirm',
  'first-launch-2-device',
  'first-launch-2-no-keychain',
  'sign-in',
  'sign-in-waiting',
  'sign-in-code',
  'first-launch-done',
  'services-traffic',
  'services-details',
  'services-details-collection',
  'services-ssh-entry-on',
  'services-use-database',
  'services-details-locked',
  'services-details-denied',
  'services-many-filtered',
  'services-loading',
  'services-empty',
  'services-stale',
  'services-expired',
  'services-ending',
  'palette',
  'activity',
  'activity-log',
  'diagnostics-failed',
  'device-posture-good',
  'device',
  'device-posture-failed',
  'device-revoked',
  'organisations-menu',
  'settings',
  'settings-managed',
  'settings-update-ready',
  'too-old',
  'tab-interrupted',
];
/** Runs in the page before anything else: a client that answers by heart. */
function script({ snapshot, replies, later }) {
  const call = (name) => () =>
    name === 'app.snapshot'
      ? Promise.resolve({ ok: true, value: snapshot })
      : name in replies
        ? Promise.resolve(replies[name])
        : new Promise(() => {});
  const group = (name) => new Proxy({}, { get: (_, verb) => call(`${name}.${String(verb)}`) });
  window.client = {
    ...Object.fromEntries(
      [
        'app',
        'device',
        'organisation',
        'session',
        'settings',
        'updates',
        'activity',
        'diagnostics',
        'catalog',
        'link',
        'program',
        'service',
        'tunnel',
      ].map((name) => [name, group(name)]),
    ),
    subscribe(listener) {
      for (const [slice, value] of Object.entries(later?.slices ?? {})) {
        setTimeout(() => listener(`${slice}.changed`, { revision: 1_000, value }), 200);
      }
      return () => {};
    },
  };
}

/** The same for a browser tab: the web host answers by heart, or falls silent. */
function tabScript({ snapshot, tab }) {
  const answer = (value, status = 200) => new Response(JSON.stringify(value), { status });
  let heard = false;
  window.fetch = (path, init) => {
    if (path === '/api/session') {
      return Promise.resolve(tab === 'used' ? answer({}, 401) : answer({ bearer: 'bearer' }));
    }
    if (tab === 'gone') return Promise.resolve(answer({}, 401));
    if (path === '/api/signals') {
      if (heard) return Promise.reject(new TypeError('Failed to fetch'));
      heard = true;
      return Promise.resolve(
        new Response(
          new ReadableStream({
            start: (stream) =>
              void (tab === 'interrupted' && setTimeout(() => stream.close(), 200)),
          }),
        ),
      );
    }
    const isSnapshot = JSON.parse(init.body).name === 'app.snapshot';
    return isSnapshot
      ? Promise.resolve(answer({ ok: true, value: snapshot }))
      : new Promise(() => {});
  };
}

async function follow(page, step) {
  const [verb, first, ...rest] = step.split(':');
  const text = rest.join(':');
  if (verb === 'click') await page.getByRole(first, { name: text }).first().click();
  else if (verb === 'fill') await page.getByLabel(first).first().fill(text);
  else if (verb === 'open') await page.locator('summary', { hasText: first }).click();
  else if (verb === 'press') await page.keyboard.press(first);
  else if (verb === 'show') {
    await page
      .getByRole('heading', { name: first })
      .evaluate((heading) => heading.scrollIntoView());
  } else if (verb === 'wait') await page.waitForTimeout(Number(first));
  else throw new Error(`unknown step ${step}`);
}

/**
 * @param {import('playwright-core').Page} page
 * @param {string} url where the window is served
 * @param {import('../../test/fixtures/window-states.ts').WindowState} state
 */
export async function openState(page, url, { snapshot, later, tab, replies = {}, steps = [] }) {
  if (tab) await page.addInitScript(tabScript, { snapshot, tab });
  else await page.addInitScript(script, { snapshot, replies, later });
  await page.goto(tab ? `${url}#key=once` : url);
  await page.locator('h1, .progress').first().waitFor();
  for (const step of steps) await follow(page, step);
}
