// Switching while certificates end and renewals are on their way: whatever is in flight, it stays with its organisation.
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { tapServers } from '../support/seen-by-edge.ts';
import { inBoth, startTwoOrganisations, switchTo } from '../support/two-organisations.ts';

it('leaves no file and no request of one organisation in the time of the other', async () => {
  const both = await startTwoOrganisations({ lifetimes: { trustToken: 2 } });
  onTestFinished(() => both.stop());
  const { alpha, beta } = both;
  const tap = tapServers();
  onTestFinished(() => tap.stop());
  const client = await inBoth(both);
  const file = (name: string): string => path.join(client.home, name);

  for (let turn = 0; turn < 14; turn += 1) {
    const [here, there] = turn % 2 === 0 ? [alpha, beta] : [beta, alpha];
    await switchTo(client, here);
    const asked = tap.by(there).text;
    // Every moment of a life of two seconds has its turn.
    await wait(130 * turn);
    expect(tap.by(there).text).toBe(asked);
    await client.until(({ session }) => session.status === 'signed-in');
    expect(readFileSync(file('login-cacert.pem'), 'utf8')).toBe(here.edge.root);
    if (!existsSync(file('login-cert.pem'))) continue; // it ends just now
    const issuer = new X509Certificate(readFileSync(file('login-cert.pem'), 'utf8')).issuer;
    expect(issuer).toBe(`CN=${here === alpha ? 'Alpha' : 'Beta'} trust CA`);
  }
  for (const edge of [alpha, beta]) expect(tap.by(edge).text).toContain('grant_type=refresh_token');
  expect(client.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
}, 60_000);
