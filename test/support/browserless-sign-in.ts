// Approves a sign-in through the issuer's HTTP pages as a browser would: follows redirects, keeps cookies, posts the
// form. No dependency, so that the terminal demo can use it too.

export interface SignInAnswers {
  /** Which button; `Deny` and the like are found by their value. Default: the first one. */
  decision?: string;
  /** Replaces what the form is prefilled with. */
  fields?: Record<string, string>;
}

/** Resolves with the address of the final redirect (the app's own loopback callback), which is not opened. */
export async function signInWithoutBrowser(
  signInUrl: string,
  answers: SignInAnswers = {},
): Promise<string> {
  const cookies = new CookieJar();
  let url = new URL(signInUrl);
  const origin = url.origin;
  let form: URLSearchParams | null = null;
  let posted = false;
  for (let step = 0; step < 12; step += 1) {
    const response = await fetch(url, {
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
      if (next.origin !== origin) return next.href;
      url = next;
      continue;
    }
    const page = await response.text();
    const found = readForm(page);
    if (!found || posted) throw new Error(`sign-in stopped at: ${readMessage(page)}`);
    for (const [name, value] of Object.entries(answers.fields ?? {})) found.fields.set(name, value);
    const button = answers.decision
      ? found.buttons.find(({ value }) => value === answers.decision)
      : found.buttons[0];
    if (button) found.fields.set(button.name, button.value);
    form = found.fields;
    url = new URL(found.action, url);
    posted = true;
  }
  throw new Error('sign-in does not end: too many redirects');
}

/** Opens the callback as the browser would at the end, so that the waiting app gets its code. */
export async function approveSignIn(signInUrl: string, answers?: SignInAnswers): Promise<void> {
  const callback = await signInWithoutBrowser(signInUrl, answers);
  const response = await fetch(callback, { redirect: 'manual' });
  await response.body?.cancel();
}

function readForm(page: string) {
  const form = /<form\b[^>]*>[\s\S]*?<\/form>/i.exec(page)?.[0];
  if (!form) return null;
  const attributes = (tag: string): Map<string, string> => {
    const found = new Map<string, string>();
    for (const [, name = '', quoted] of tag.matchAll(/([\w-]+)(?:="([^"]*)")?/g)) {
      found.set(name.toLowerCase(), unescapeHtml(quoted ?? ''));
    }
    return found;
  };
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

const readMessage = (page: string): string =>
  unescapeHtml(/role="alert"[^>]*>([^<]*)/.exec(page)?.[1] ?? page.slice(0, 200));

const NAMED: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"' };
const unescapeHtml = (text: string): string =>
  text.replace(
    /&(?:#(\d+)|(\w+));/g,
    (whole, code: string | undefined, name: string | undefined) =>
      code === undefined ? (NAMED[name ?? ''] ?? whole) : String.fromCodePoint(Number(code)),
  );

class CookieJar {
  readonly #cookies = new Map<string, { value: string; path: string }>();

  keep(url: URL, headers: readonly string[]): void {
    for (const header of headers) {
      const [pair = '', ...attributes] = header.split(/;\s*/);
      const [name = '', ...value] = pair.split('=');
      const attribute = (wanted: string): string | undefined =>
        attributes
          .find((each) => each.toLowerCase().startsWith(`${wanted}=`))
          ?.slice(wanted.length + 1);
      const expires = attribute('expires');
      const gone = expires !== undefined && Date.parse(expires) < Date.now();
      const path = attribute('path') ?? url.pathname;
      if (gone) this.#cookies.delete(`${name};${path}`);
      else this.#cookies.set(`${name};${path}`, { value: `${name}=${value.join('=')}`, path });
    }
  }

  headerFor(url: URL): Record<string, string> {
    const matching = [...this.#cookies.values()].filter(
      ({ path }) =>
        url.pathname === path || url.pathname.startsWith(path.endsWith('/') ? path : `${path}/`),
    );
    return matching.length > 0 ? { cookie: matching.map(({ value }) => value).join('; ') } : {};
  }
}
