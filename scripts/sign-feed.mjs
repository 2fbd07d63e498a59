// Signs the lists of versions of a release in place: node scripts/sign-feed.mjs dist/latest-linux.yml …
// The key is the PEM in BANYAN_RELEASE_KEY. `node scripts/sign-feed.mjs --new-key` makes one, and says both halves.
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { signFeed } from './lib/sign-feed.mjs';
import { main, PlainError } from './lib/steps.mjs';

await main(async () => {
  const files = process.argv.slice(2);
  if (files.length === 0) throw new PlainError('Name the lists of versions to be signed.');
  if (files[0] === '--new-key') return newKey();
  const pem = process.env['BANYAN_RELEASE_KEY'];
  if (!pem)
    throw new PlainError('BANYAN_RELEASE_KEY holds no key: without it no app believes a list.');
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType !== 'ed25519')
    throw new PlainError('BANYAN_RELEASE_KEY is no Ed25519 key.');
  for (const file of files) {
    const signed = signFeed(await readFile(file, 'utf8'), { file: path.basename(file), key });
    await writeFile(file, signed);
    console.log(`signed ${file}`);
  }
});

function newKey() {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const shown = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  console.log(`updates.key of package.json:\n${shown}\n`);
  console.log(
    `BANYAN_RELEASE_KEY, a secret:\n${String(privateKey.export({ type: 'pkcs8', format: 'pem' }))}`,
  );
}
