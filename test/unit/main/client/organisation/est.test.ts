import { expect, it } from 'vitest';
import type { Connection } from '../../../../../src/main/client/organisation/connection.ts';
import { proveKeyIsWelcome } from '../../../../../src/main/client/organisation/est.ts';

const asking = (status: number, hex = ''): Promise<void> => {
  const body = Buffer.from(hex, 'hex')
    .toString('base64')
    .replace(/(.{20})/g, '$1\r\n');
  const headers = { 'content-type': 'application/csrattrs' };
  const ask: Connection['ask'] = () => Promise.resolve({ status, headers, body });
  return proveKeyIsWelcome({ ask } as Connection, 'https://est.example/.well-known/est');
};

const EC_P256 = '301506072a8648ce3d0201310a06082a8648ce3d030107';
const EC_P384 = '301206072a8648ce3d0201310706052b81040022';
const RSA_2048 = '301106092a864886f70d010101310402020800';

it.each([
  ['nothing in particular', 204, ''],
  ['nothing that it knows', 404, ''],
  ['an attribute that is no key', 200, '300b06092a864886f70d010907'],
  ['a key on P-256', 200, `3017${EC_P256}`],
  ['a key on P-256 or RSA', 200, `302a${EC_P256}${RSA_2048}`],
])('a server that asks for %s is fine', async (_, status, hex) => {
  await expect(asking(status, hex)).resolves.toBeUndefined();
});

it.each([
  ['an RSA key', `3013${RSA_2048}`],
  ['a key on another curve', `3014${EC_P384}`],
])('a server that asks for %s is told apart before the invite is used up', async (_, hex) => {
  await expect(asking(200, hex)).rejects.toMatchObject({ code: 'organisation/invalid-answer' });
});
