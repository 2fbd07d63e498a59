// A list of versions as scripts/sign-feed.mjs signs it, and what is believed of it.
import { execFileSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { readSignedFeed } from '../../../../../src/main/client/updates/feed.ts';
import { tempDir } from '../../../../support/temp-dir.ts';

const SCRIPT = path.resolve(import.meta.dirname, '../../../../../scripts/sign-feed.mjs');
const SHA512 = `${'A'.repeat(86)}==`;
const LIST = `version: 1.2.3
files:
  - url: Banyan Setup-1.2.3.exe
    sha512: ${SHA512}
    size: 5
path: Banyan Setup-1.2.3.exe
sha512: ${SHA512}
releaseDate: '2026-11-22T10:00:00.000Z'
`;

function signedBy(script: string[], environment: Record<string, string>): string {
  return execFileSync(process.execPath, [SCRIPT, ...script], {
    env: { ...process.env, ...environment },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function aSignedList(times = 1) {
  const { privateKey } = generateKeyPairSync('ed25519');
  const BANYAN_RELEASE_KEY = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const file = path.join(tempDir(), 'latest.yml');
  writeFileSync(file, LIST);
  for (let time = 0; time < times; time += 1) signedBy([file], { BANYAN_RELEASE_KEY });
  const key = createPublicKey(privateKey)
    .export({ type: 'spki', format: 'der' })
    .toString('base64');
  return { text: readFileSync(file, 'utf8'), key };
}

it('is believed as the release signs it, also when it is signed again', () => {
  for (const times of [1, 2]) {
    const { text, key } = aSignedList(times);
    expect(text.match(/banyan-signature/g)).toHaveLength(1);
    const { feed, signedAt } = readSignedFeed(text, 'latest.yml', key);
    expect(feed).toMatchObject({ version: '1.2.3', files: [{ url: 'Banyan Setup-1.2.3.exe' }] });
    expect(Math.abs(Date.parse(signedAt) - Date.now())).toBeLessThan(60_000);
  }
});

it('is not believed after any byte of it has changed', () => {
  const { text, key } = aSignedList();
  for (let at = 0; at < text.length - 1; at += 1) {
    const other = text[at] === '0' ? '1' : '0';
    const changed = text.slice(0, at) + other + text.slice(at + 1);
    expect(() => readSignedFeed(changed, 'latest.yml', key), `byte ${at}`).toThrow(
      expect.objectContaining({ code: 'updates/feed-refused' }),
    );
  }
});

it('is not believed with something behind its signature, or without an end', () => {
  const { text, key } = aSignedList();
  for (const changed of [`${text}version: 9.9.9\n`, `${text}\n`, `${text}${text}`, '', '\n']) {
    expect(() => readSignedFeed(changed, 'latest.yml', key)).toThrow('is not believed');
  }
});

it('is signed by nobody without a key, or with one of another kind', () => {
  const file = path.join(tempDir(), 'latest.yml');
  writeFileSync(file, LIST);
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const rsa = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  expect(() => signedBy([file], { BANYAN_RELEASE_KEY: '' })).toThrow('holds no key');
  expect(() => signedBy([file], { BANYAN_RELEASE_KEY: rsa })).toThrow('no Ed25519 key');
  expect(readFileSync(file, 'utf8')).toBe(LIST);
});
