// The real curl against an edge: what a program that knows nothing of us gets.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface CurlAnswer {
  status: number;
  /** Small letters. */
  headers: Record<string, string>;
  text: string;
  json: unknown;
}
export interface CurlWish {
  method?: string;
  headers?: readonly string[];
  /** Sent as it is. */
  data?: string;
  args?: readonly string[];
}
export type Curl = (url: string, wish?: CurlWish) => Promise<CurlAnswer>;

/** Trusts that root only, of which it makes a file in the folder; follows nothing. */
export function curlUnder(root: string, folder: string): Curl {
  const ca = path.join(folder, 'curl-root.pem');
  writeFileSync(ca, root);
  return async (url, { method, headers = [], data, args = [] } = {}) => {
    const always = [
      '--silent',
      '--show-error',
      '--noproxy',
      '*',
      '--http1.1',
      '--include',
      '--max-time',
      '60',
    ];
    const running = run(
      'curl',
      [
        ...always,
        '--cacert',
        ca,
        ...(method === 'HEAD' ? ['--head'] : method === undefined ? [] : ['--request', method]),
        ...headers.flatMap((header) => ['--header', header]),
        ...(data === undefined ? [] : ['--data-binary', '@-']),
        ...args,
        url,
      ],
      { maxBuffer: 64 * 1024 * 1024 },
    );
    running.child.stdin?.on('error', () => {}); // it did not read all of it
    running.child.stdin?.end(data ?? '');
    return readAnswer((await running).stdout);
  };
}

function readAnswer(said: string): CurlAnswer {
  // What comes before it is "100 Continue".
  const from = said.replace(/^(?:HTTP\/1\.1 100 [^\r]*\r\n\r\n)+/, '');
  const end = from.indexOf('\r\n\r\n');
  const [first = '', ...lines] = from.slice(0, end).split('\r\n');
  const text = from.slice(end + 4);
  const pairs = lines.map((line): [string, string] => {
    const at = line.indexOf(':');
    return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()];
  });
  const headers = Object.fromEntries(pairs);
  return {
    status: Number(first.split(' ')[1]),
    headers,
    text,
    json: headers['content-type']?.includes('json') && text !== '' ? JSON.parse(text) : null,
  };
}
