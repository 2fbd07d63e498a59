// The files of the built window, for whoever serves them: the app's own scheme or the loopback web host.
import { readFile } from 'node:fs/promises';
import path from 'node:path';

export interface WindowFile {
  body: Uint8Array<ArrayBuffer>;
  type: string;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

/** `pathname` as it stands in the URL. null: there is no such file, or none that a window may have. */
export async function readWindowFile(folder: string, pathname: string): Promise<WindowFile | null> {
  const name = decode(pathname);
  if (name === null) return null;
  const file = path.join(folder, name === '/' ? 'index.html' : name);
  // `join` has folded "..": what lies outside is refused here, not by how the path looks.
  if (!file.startsWith(path.resolve(folder) + path.sep)) return null;
  const type = TYPES[path.extname(file)];
  if (type === undefined) return null;
  try {
    return { body: new Uint8Array(await readFile(file)), type };
  } catch {
    return null; // no such file; which of the many reasons is nobody's business on the other side
  }
}

/** Nothing from elsewhere runs, is loaded or framed; `connect` is all that scripts may talk to. */
export const windowHeaders = (connect: "'none'" | "'self'"): Record<string, string> => ({
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    `connect-src ${connect}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  // A page that opens this one has no hold on it, to lead it elsewhere later.
  'cross-origin-opener-policy': 'same-origin',
});

function decode(pathname: string): string | null {
  try {
    const name = decodeURIComponent(pathname);
    return name.startsWith('/') && !/[\0\\]/.test(name) ? name : null;
  } catch {
    return null; // a lone "%"
  }
}
