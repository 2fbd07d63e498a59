// The pages a person sees in the browser: signing in, and why that is not possible. Server-rendered, no script.
import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { send } from '../http/exchange.ts';

const STYLE = `
:root{color-scheme:light dark;--ground:light-dark(#f4f5f2,#141816);--card:light-dark(#fff,#1d2320);
--ink:light-dark(#1a211d,#e9efeb);--quiet:light-dark(#56615a,#a3afa8);--line:light-dark(#d5dbd6,#38423c);
--accent:light-dark(#1f6b48,#5fc493);--on-accent:light-dark(#fff,#0d1a13);--alert:light-dark(#a1281f,#ff9d92)}
*{box-sizing:border-box}body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.5rem;
background:var(--ground);color:var(--ink);font:1rem/1.5 system-ui,sans-serif}
main{width:100%;max-width:25rem;padding:2rem;border-radius:14px;background:var(--card);border:1px solid var(--line)}
h1{margin:0 0 .25rem;font-size:1.4rem;line-height:1.25}p{margin:0 0 1.25rem;color:var(--quiet)}
.note{padding:.6rem .8rem;border-radius:8px;border:1px solid var(--line);font-size:.9rem}
.alert{color:var(--alert);border-color:currentColor}
label{display:block;margin:0 0 .3rem;font-weight:600;font-size:.9rem}
input{width:100%;margin:0 0 1rem;padding:.6rem .7rem;font:inherit;color:inherit;background:var(--ground);
border:1px solid var(--line);border-radius:8px}
dl{margin:0 0 1.25rem;font-size:.9rem;display:grid;grid-template-columns:auto 1fr;gap:.15rem .8rem}
dt{color:var(--quiet)}dd{margin:0;overflow-wrap:anywhere}
.actions{display:flex;gap:.6rem;margin-top:.5rem}
button{flex:1;padding:.65rem 1rem;font:inherit;font-weight:600;border-radius:8px;border:1px solid var(--line);
background:transparent;color:inherit;cursor:pointer}
button.main{flex:2;background:var(--accent);border-color:var(--accent);color:var(--on-accent)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
`;
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

export interface SignInPage {
  organisation: string;
  /** Who asks, as a sentence. */
  asks: string;
  device: { name: string; ownership: string } | { service: string } | 'new';
  /** Where the form is sent. */
  action: string;
  /** Where the browser goes afterwards: browsers hold redirects of a form to `form-action` too. */
  redirectOrigin?: string | undefined;
  email: string;
  /** People sign in there: the form only asks whether to go on. */
  issuerOrigin?: string | undefined;
  /** Filled in for a demo organisation only. */
  password?: string | undefined;
  alert?: string | undefined;
}

export function sendSignInPage(response: ServerResponse, status: number, page: SignInPage): void {
  const demo = page.password !== undefined;
  const body = `
<h1>Sign in to ${text(page.organisation)}</h1>
<p>${text(page.asks)}</p>
${asker(page.device)}
${page.alert ? `<p class="note alert" role="alert">${text(page.alert)}</p>` : ''}
${demo ? '<p class="note">Demo organisation: filled in for you. One click on “Sign in” is enough.</p>' : ''}
<form method="post" action="${text(page.action)}">
${page.issuerOrigin === undefined ? passwordFields(page, demo) : elsewhere(page.issuerOrigin)}</form>`;
  const origins = [page.redirectOrigin, page.issuerOrigin].filter((each) => each !== undefined);
  sendPage(response, status, `Sign in to ${page.organisation}`, body, origins.join(' '));
}

const elsewhere = (
  issuerOrigin: string,
): string => `<p class="note">You sign in at ${text(new URL(issuerOrigin).host)}.</p>
<div class="actions"><button class="main" name="decision" value="sign-in" autofocus>Continue</button>
<button name="decision" value="deny" formnovalidate>Deny</button></div>
`;

const passwordFields = (
  page: SignInPage,
  demo: boolean,
): string => `<label for="email">E-mail</label>
<input id="email" name="email" type="email" autocomplete="username" required maxlength="200" value="${text(page.email)}"${demo ? '' : ' autofocus'}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required maxlength="200" value="${text(page.password ?? '')}">
<div class="actions"><button class="main" name="decision" value="sign-in"${demo ? ' autofocus' : ''}>Sign in</button>
<button name="decision" value="deny" formnovalidate>Deny</button></div>
`;

const asker = (device: SignInPage['device']): string =>
  device === 'new'
    ? '<p class="note">Go on only if you have just started this in the Banyan app on this computer.</p>'
    : 'service' in device
      ? `<dl><dt>Service</dt><dd>${text(device.service)}</dd></dl>`
      : `<dl><dt>Device</dt><dd>${text(device.name)} (${text(device.ownership)})</dd></dl>`;

export interface CodeForm {
  organisation: string;
  /** Where the form is sent. */
  action: string;
  /** Kept in the browser's session: a form of another site cannot know it. */
  xsrf: string;
  userCode: string;
}

/** RFC 8628 3.3: the person types what the other device shows. */
export function enterCodePage(page: CodeForm & { problem?: string | undefined }): string {
  const title = `Sign in to ${page.organisation}`;
  return html(
    title,
    `
<h1>${text(title)}</h1>
<p>Type the code that Banyan shows on your device.</p>
${page.problem ? `<p class="note alert" role="alert">${text(page.problem)}</p>` : ''}
<form method="post" action="${text(page.action)}">
<input type="hidden" name="xsrf" value="${text(page.xsrf)}">
<label for="user_code">Code</label>
<input id="user_code" name="user_code" autocomplete="off" autocapitalize="characters" spellcheck="false" required maxlength="20" autofocus value="${text(page.userCode)}">
<div class="actions"><button class="main">Continue</button></div>
</form>`,
  );
}

export interface ConfirmCode extends CodeForm {
  device: { name: string; ownership: string };
  /** Where the request came from. */
  address: string;
}

/** RFC 8628 5.4: a code may come from somebody who wants in with another person's name. */
export function confirmCodePage(page: ConfirmCode): string {
  return html(
    'Is this your device?',
    `
<h1>Is this your device?</h1>
<p>Go on only if you have started this yourself, and the device shows this very code.</p>
<dl><dt>Code</dt><dd>${text(page.userCode)}</dd>
<dt>Device</dt><dd>${text(page.device.name)} (${text(page.device.ownership)})</dd>
<dt>Asked from</dt><dd>${text(page.address)}</dd>
<dt>Organisation</dt><dd>${text(page.organisation)}</dd></dl>
<form method="post" action="${text(page.action)}">
<input type="hidden" name="xsrf" value="${text(page.xsrf)}">
<input type="hidden" name="user_code" value="${text(page.userCode)}">
<div class="actions"><button class="main" name="confirm" value="yes">Yes, go on</button>
<button name="abort" value="yes">Deny</button></div>
</form>`,
  );
}

export const signInDonePage = (device: string): string =>
  html(
    'You are signed in',
    `<h1>You are signed in</h1><p>Banyan goes on by itself on ${text(device)}.</p><p>You can close this page.</p>`,
  );

export function sendErrorPage(
  response: ServerResponse,
  status: number,
  sentence: string,
  code?: string,
): void {
  sendPage(
    response,
    status,
    'Sign-in is not possible',
    `<h1>Sign-in is not possible</h1><p role="alert">${text(sentence)}</p>${code === undefined ? '' : `<p>Code: ${text(code)}</p>`}<p>You can close this page.</p>`,
  );
}

export interface MessagePage {
  title: string;
  sentences: readonly string[];
  link?: { text: string; href: string };
}

export function sendMessagePage(response: ServerResponse, status: number, page: MessagePage): void {
  const [first = '', ...rest] = page.sentences;
  const link = page.link && `<p><a href="${text(page.link.href)}">${text(page.link.text)}</a></p>`;
  const body = `<h1>${text(page.title)}</h1><p role="alert">${text(first)}</p>
${rest.map((sentence) => `<p>${text(sentence)}</p>`).join('')}${link ?? ''}`;
  sendPage(response, status, page.title, body);
}

/** The same page for who writes the answer itself, with `pageHeaders` (the issuer's own errors). */
export const errorPage = (sentence: string): string =>
  html(
    'Sign-in is not possible',
    `<h1>Sign-in is not possible</h1><p role="alert">${text(sentence)}</p><p>Go back to the app and start again.</p>`,
  );

const sendPage = (
  response: ServerResponse,
  status: number,
  title: string,
  body: string,
  redirectOrigin?: string,
): void => send(response, status, html(title, body), pageHeaders(redirectOrigin));

export const pageHeaders = (redirectOrigin?: string): Record<string, string> => ({
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Security-Policy': [
    "default-src 'none'",
    `style-src 'sha256-${STYLE_HASH}'`,
    `form-action 'self'${redirectOrigin ? ` ${redirectOrigin}` : ''}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; '),
  'X-Frame-Options': 'DENY',
  // Not `no-referrer`: with it browsers send `Origin: null` with the form, which is refused.
  'Referrer-Policy': 'same-origin',
});

const html = (title: string, body: string): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${text(title)}</title><style>${STYLE}</style></head>
<body><main>${body}</main></body></html>
`;

/** For element content and quoted attributes. */
const text = (value: string): string =>
  value.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
