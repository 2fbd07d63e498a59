// The pages of the redirect listener: what a person reads in the browser while, or after, the app waits for it.
import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';

const STYLE = `:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;margin:20vh auto;max-width:30rem;padding:0 1rem;text-align:center}h1{font-size:1.4rem}`;
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');
const HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  connection: 'close',
};

export interface Page {
  status: number;
  title: string;
  sentences: readonly string[];
}

const GO_BACK = 'Go back to Banyan and start again there.';

export const DONE: Page = {
  status: 200,
  title: 'You can close this tab',
  sentences: ['Banyan goes on by itself.'],
};
export const OVER: Page = {
  status: 410,
  title: 'This sign-in is over',
  sentences: ['It was finished or cancelled, or nobody finished it within five minutes.', GO_BACK],
};
export const TOO_OFTEN: Page = {
  status: 429,
  title: 'This link was opened too often',
  sentences: [
    'Finish in a tab that shows the sign-in page, or cancel it in Banyan and start again there.',
  ],
};
/** What happened stands in the error; whether the app still waits decides what to do. */
export const unavailable = (problem: string, goesOn: boolean): Page => ({
  status: 502,
  title: 'The sign-in page cannot be shown',
  sentences: [problem, goesOn ? 'Reload this page to try again. Banyan waits for it.' : GO_BACK],
});
export const refusal = (status: number): Page => ({
  status,
  title: 'That did not work',
  sentences: [GO_BACK],
});

export function sendPage(response: ServerResponse, { status, title, sentences }: Page): void {
  const paragraphs = sentences.map((sentence) => `<p>${text(sentence)}</p>`).join('');
  response
    .writeHead(status, HEADERS)
    .end(
      `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Banyan</title><style>${STYLE}</style><h1>${title}</h1>${paragraphs}</html>`,
    );
}

export const sendTo = (response: ServerResponse, status: 302 | 303, location: string): void =>
  void response.writeHead(status, { ...HEADERS, location }).end();

/** For element content: a problem may quote what a server has said. */
const text = (value: string): string =>
  value.replace(/[&<>]/g, (character) => `&#${character.codePointAt(0)};`);
