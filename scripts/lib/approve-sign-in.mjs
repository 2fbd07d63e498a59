// Approves a sign-in through the issuer's HTTP pages as a browser would: follows redirects, keeps cookies, posts the
// form. Without any package, for the terminal demo and for tests.

/**
 * @typedef {object} SignInAnswers
 * @property {string} [decision] name or value of the button to press where there is one; default: the first one
 * @property {Record<string, string>} [fields] replaces what the form is prefilled with
 * @property {(url: URL, request: RequestInit) => Promise<Response>} [fetch] for pages that the system does not trust
 * @property {ReturnType<typeof createCookieJar>} [cookies] of a browser that has been here before
 */

const MAX_STEPS = 12;

/**
 * Resolves with the address of the final redirect (the app's own loopback callback), which is not opened.
 * @param {string} signInUrl
 * @param {SignInAnswers} [answers]
 * @returns {Promise<string>}
 */
export async function signInWithoutBrowser(signInUrl, answers = {}) {
  const { callback, page } = await walk(signInUrl, { forms: 1, answers });
  if (callback === null) throw new Error(`sign-in stopped at: ${readMessage(page)}`);
  return callback;
}

/**
 * Approves a device code (RFC 8628) at its page: the code, the question whose device it is, the sign-in.
 * Resolves with the words of the page that it ends at.
 * @param {string} urlWithCode
 * @param {SignInAnswers} [answers]
 * @returns {Promise<string>}
 */
export async function approveCode(urlWithCode, answers = {}) {
  const { page } = await walk(urlWithCode, { forms: 3, answers });
  return readMessage(page);
}

/**
 * Until a redirect elsewhere, or a page after so many forms.
 * @param {string} start
 * @param {{ forms: number, answers: SignInAnswers }} options
 * @returns {Promise<{ callback: string, page: '' } | { callback: null, page: string }>}
 */
async function walk(start, { forms, answers }) {
  const { cookies = createCookieJar() } = answers;
  let url = await pageBehind(start);
  const { origin } = url;
  /** @type {URLSearchParams | null} */
  let form = null;
  let posted = 0;
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const response = await (answers.fetch ?? fetch)(url, {
      redirect: 'manual',
      method: form ? 'POST' : 'GET',
      headers: {
        ...cookies.headerFor(url),
        ...(form && {
          'content-type': 'application/x-www-form-urlencoded',
          origin,
          'sec-fetch-site': 'same-origin',
        }),
      },
      body: form ? form.toString() : null,
    });
    cookies.keep(url, response.headers.getSetCookie());
    form = null;
    const location = response.headers.get('location');
    if (location !== null) {
      await response.body?.cancel();
      const next = new URL(location, url);
      if (next.origin !== origin) return { callback: next.href, page: '' };
      url = next;
      continue;
    }
    const page = await response.text();
    const found = readForm(page);
    const isRefused = posted > 0 && page.includes('role="alert"');
    if (!found || isRefused || posted === forms) return { callback: null, page };
    for (const [name, value] of Object.entries(answers.fields ?? {})) found.fields.set(name, value);
    const button =
      found.buttons.find(({ name, value }) => [name, value].includes(answers.decision ?? '')) ??
      found.buttons[0];
    if (button?.name) found.fields.set(button.name, button.value);
    form = found.fields;
    url = new URL(found.action, url);
    posted += 1;
  }
  throw new Error('sign-in does not end: too many redirects');
}

/**
 * The page of the issuer that the app's own start address leads to; any other address is that page itself.
 * @param {string} start
 * @returns {Promise<URL>}
 */
export async function pageBehind(start) {
  const url = new URL(start);
  if (!url.pathname.startsWith('/start/')) return url;
  const response = await fetch(url, { redirect: 'manual' });
  const location = response.headers.get('location');
  if (location === null) throw new Error(`no sign-in page: ${readMessage(await response.text())}`);
  await response.body?.cancel();
  return new URL(location);
}

/**
 * Opens the callback as the browser would at the end, so that the waiting app gets its code.
 * @param {string} signInUrl
 * @param {SignInAnswers} [answers]
 * @returns {Promise<void>}
 */
export async function approveSignIn(signInUrl, answers) {
  const callback = await signInWithoutBrowser(signInUrl, answers);
  const response = await fetch(callback);
  await response.text();
}

/** @param {string} page */
function readForm(page) {
  const form = /<form\b[^>]*>[\s\S]*?<\/form>/i.exec(page)?.[0];
  if (!form) return null;
  const fields = new URLSearchParams();
  for (const [tag] of form.matchAll(/<input\b[^>]*>/gi)) {
    const input = attributes(tag);
    const name = input.get('name');
    if (name) fields.set(name, input.get('value') ?? '');
  }
  const buttons = [...form.matchAll(/<button\b[^>]*>/gi)].map(([tag]) => {
    const button = attributes(tag);
    return { name: button.get('name') ?? '', value: button.get('value') ?? '' };
  });
  return { action: attributes(form.split('>')[0] ?? '').get('action') ?? '', fields, buttons };
}

/** @param {string} tag @returns {Map<string, string>} */
function attributes(tag) {
  const found = new Map();
  for (const [, name = '', quoted] of tag.matchAll(/([\w-]+)(?:="([^"]*)")?/g)) {
    found.set(name.toLowerCase(), unescapeHtml(quoted ?? ''));
  }
  return found;
}

/** @param {string} page */
const readMessage = (page) =>
  unescapeHtml(
    /role="alert"[^>]*>([^<]*)/.exec(page)?.[1] ??
      (/<main>([\s\S]*)<\/main>/.exec(page)?.[1] ?? page).replaceAll(/<[^>]*>/g, ' ').slice(0, 200),
  );

/** @type {Record<string, string>} */
const NAMED = { amp: '&', lt: '<', gt: '>', quot: '"' };

/** @param {string} text @returns {string} */
const unescapeHtml = (text) =>
  text.replace(/&(?:#(\d+)|(\w+));/g, (whole, code, name) =>
    code === undefined ? (NAMED[name ?? ''] ?? whole) : String.fromCodePoint(Number(code)),
  );

export function createCookieJar() {
  /** @type {Map<string, { value: string, path: string }>} */
  const jar = new Map();
  return {
    /** @param {URL} url @param {readonly string[]} headers */
    keep(url, headers) {
      for (const header of headers) {
        const [pair = '', ...rest] = header.split(/;\s*/);
        const [name = '', ...value] = pair.split('=');
        /** @param {string} wanted */
        const attribute = (wanted) =>
          rest
            .find((each) => each.toLowerCase().startsWith(`${wanted}=`))
            ?.slice(wanted.length + 1);
        const expires = attribute('expires');
        const gone = expires !== undefined && Date.parse(expires) < Date.now();
        const path = attribute('path') ?? url.pathname;
        if (gone) jar.delete(`${name};${path}`);
        else jar.set(`${name};${path}`, { value: `${name}=${value.join('=')}`, path });
      }
    },
    /** @param {URL} url @returns {Record<string, string>} */
    headerFor(url) {
      const matching = [...jar.values()].filter(
        ({ path }) =>
          url.pathname === path || url.pathname.startsWith(path.endsWith('/') ? path : `${path}/`),
      );
      return matching.length > 0 ? { cookie: matching.map(({ value }) => value).join('; ') } : {};
    },
  };
}
