// Hands the key to the browser without showing it to the machine: what is on a command line every user can read, what
// is in a 0600 file in our own folder they cannot. The file forwards to the page and is gone soon after.
import { chmod, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { makeFolders } from '../storage.ts';

export interface LaunchFile {
  path: string;
  remove(): Promise<void>;
}

export async function writeLaunchFile(folder: string, url: string): Promise<LaunchFile> {
  await makeFolders(folder);
  await chmod(folder, 0o700);
  const file = path.join(folder, 'open-banyan.html');
  // What a killed process left is removed first: `wx` makes sure that the file is new, so that its mode is ours.
  await rm(file, { force: true });
  await writeFile(file, page(url), { mode: 0o600, flag: 'wx' });
  return { path: file, remove: () => rm(file, { force: true }) };
}

/** `url` is made of a number and base64url: nothing in it needs escaping. No referrer: it would name the file. */
const page = (url: string): string => `<!doctype html>
<meta charset="utf-8" />
<meta name="referrer" content="no-referrer" />
<meta http-equiv="refresh" content="0; url=${url}" />
<title>Banyan</title>
<p><a href="${url}">Open Banyan</a></p>
`;
