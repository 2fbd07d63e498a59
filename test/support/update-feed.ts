// Where newer versions are published, over TLS on loopback; and an AppImage of the test's own that takes them by the code that
// the app uses. What it is replaced by is a script, so that a test sees it start.
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { signFeed } from '../../scripts/lib/sign-feed.mjs';
import type { ClientPorts } from '../../src/main/client/ports.ts';
import { createUpdater } from '../../src/main/desktop/updates/updater.ts';
import { recordingLog } from '../fakes/recording-log.ts';
import { createTestPki } from './pki.ts';
import { tempDir } from './temp-dir.ts';

const LIST = 'latest-linux.yml';
const IMAGE = 'Banyan-x86_64.AppImage';
export const aReleaseKey = (): KeyObject => generateKeyPairSync('ed25519').privateKey;
const publicHalf = (key: KeyObject): string =>
  createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64');

export interface Published {
  version?: string;
  stagingPercentage?: number;
  signedAt?: Date;
  /** null: unsigned. Absent: the maker's. */
  key?: KeyObject | null;
  /** Name under which the list is signed. */
  signedAs?: string;
  /** Of the file, in the list. */
  name?: string;
  /** What is served instead of what the list says; null: nothing. */
  served?: string | null;
  /** Answers in place of that. */
  answers?: RequestListener;
  /** Done to the list after it was signed. */
  change?: (list: string) => string;
}

export interface UpdateFeedServer {
  port: number;
  root: string;
  key: KeyObject;
  /** Paths asked for so far. */
  asked: string[];
  publish(what?: Published): void;
  /** Not even a list. */
  withdraw(): void;
}

export async function startUpdateFeed(names = ['localhost']): Promise<UpdateFeedServer> {
  const pki = await createTestPki();
  const { key, certificate } = await pki.issue({ commonName: names[0] ?? '', dnsNames: names });
  const files = new Map<string, string>();
  const asked: string[] = [];
  let answers: RequestListener | undefined;
  const server = createServer({ key, cert: certificate }, (request, answer) => {
    const { url = '' } = request;
    asked.push(url);
    if (answers && url !== `/${LIST}`) return answers(request, answer);
    const body = files.get(url);
    if (body === undefined) return answer.writeHead(404).end();
    return answer.writeHead(200, { 'content-length': Buffer.byteLength(body) }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => server.close().closeAllConnections());
  const maker = aReleaseKey();
  return {
    port: (server.address() as AddressInfo).port,
    root: pki.root,
    key: maker,
    asked,
    withdraw: () => files.clear(),
    publish(what = {}) {
      const { version = '0.2.0', signedAs = LIST, change = (list) => list } = what;
      const image = newApp(version);
      const list = listOf(version, image, what);
      const by = what.key === undefined ? maker : what.key;
      const { signedAt = new Date() } = what;
      const signed = by ? signFeed(list, { file: signedAs, key: by, signedAt }) : list;
      files.set(`/${LIST}`, change(signed));
      answers = what.answers;
      if (what.served === null) files.delete(`/${IMAGE}`);
      else files.set(`/${IMAGE}`, what.served ?? image);
    },
  };
}

/** Says that it was started. */
const newApp = (version: string): string =>
  `#!/bin/sh\necho "${version}" >> "$(dirname "$0")/started"\n`;

/** As electron-builder writes it. */
function listOf(version: string, image: string, published: Published): string {
  const { stagingPercentage, name = IMAGE } = published;
  const sha512 = createHash('sha512').update(image).digest('base64');
  return [
    `version: ${version}`,
    'files:',
    `  - url: ${name}`,
    `    sha512: ${sha512}`,
    `    size: ${Buffer.byteLength(image)}`,
    `path: ${name}`,
    `sha512: ${sha512}`,
    `releaseDate: '2026-11-22T10:00:00.000Z'`,
    ...(stagingPercentage === undefined ? [] : [`stagingPercentage: ${stagingPercentage}`]),
    '',
  ].join('\n');
}

export interface InstalledApp {
  ports: Required<Pick<ClientPorts, 'updater' | 'publicRoots'>>;
  /** The file that the person starts, and what is in it. */
  file: string;
  image(): string;
  /** What newer apps have said at their start. */
  started(): string;
  /** Number of services that were asked about. */
  asked: number[];
  answer: boolean;
  /** The app has been told to end. */
  hasQuit(): boolean;
  /** The app ends, as Electron tells it last. */
  end(code?: number): void;
}

/** Of version 0.1.0. */
export function anInstalledApp(
  { port, root, key }: Pick<UpdateFeedServer, 'port' | 'root' | 'key'>,
  host = 'localhost',
): InstalledApp {
  const folder = tempDir();
  const image = path.join(folder, 'Banyan.AppImage');
  writeFileSync(image, 'the old one', { mode: 0o755 });
  const config = path.join(folder, 'app-update.yml');
  writeFileSync(config, 'updaterCacheDirName: banyan-app-updater\n');
  const before = process.env['APPIMAGE'];
  process.env['APPIMAGE'] = image;
  onTestFinished(() => {
    if (before === undefined) delete process.env['APPIMAGE'];
    else process.env['APPIMAGE'] = before;
  });
  let atQuit = (_code: number): void => {};
  let hasQuit = false;
  const installed: InstalledApp = {
    asked: [],
    answer: true,
    file: image,
    image: () => readFileSync(image, 'utf8'),
    started: () => readFileSync(path.join(folder, 'started'), 'utf8'),
    hasQuit: () => hasQuit,
    end: (code = 0) => atQuit(code),
    ports: {
      publicRoots: () => [root],
      updater: createUpdater({
        app: {
          version: '0.1.0',
          name: 'Banyan',
          isPackaged: true,
          appUpdateConfigPath: config,
          userDataPath: folderIn(folder, 'window'),
          baseCachePath: folderIn(folder, 'cache'),
          whenReady: () => Promise.resolve(),
          relaunch: () => {},
          quit: () => void (hasQuit = true),
          onQuit: (handler) => void (atQuit = handler),
        },
        platform: 'linux',
        source: {
          address: `https://${host}:${port}/`,
          file: LIST,
          key: publicHalf(key),
        },
        ask(connected) {
          installed.asked.push(connected);
          return Promise.resolve(installed.answer);
        },
        makeWay: () => {},
        log: recordingLog(),
      }),
    },
  };
  return installed;
}

function folderIn(folder: string, name: string): string {
  const inner = path.join(folder, name);
  mkdirSync(inner);
  return inner;
}
