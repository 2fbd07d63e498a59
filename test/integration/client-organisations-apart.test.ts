// One device in two organisations: nothing of one ever reaches the other.
import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { VaultContent } from '../../src/main/client/device/vault.ts';
import { connectDirectly, exchangeBytes, getThroughProxy } from '../support/bytes.ts';
import { codeOf } from '../support/scripted-device.ts';
import { tapServers } from '../support/seen-by-edge.ts';
import type { TestEdge } from '../support/start-edge.ts';
import {
  aClient,
  ECHO,
  inBoth,
  portOf,
  startTwoOrganisations,
  switchTo,
  vaultOf,
  type TwoOrganisations,
} from '../support/two-organisations.ts';
import { until } from '../support/until.ts';

let both: TwoOrganisations;
let alpha: TestEdge;
let beta: TestEdge;
beforeAll(async () => {
  both = await startTwoOrganisations();
  ({ alpha, beta } = both);
});
afterAll(() => both.stop());

describe('an edge', () => {
  it('never sees a certificate, a token or a header of the other', async () => {
    const tap = tapServers();
    onTestFinished(() => tap.stop());
    const client = await aClient();
    const [toAlpha, toBeta] = await Promise.all([
      alpha.edge.createInvite(),
      beta.edge.createInvite(),
    ]);
    const useEverything = async (edge: TestEdge): Promise<void> => {
      await client.call('catalog.refresh', {});
      expect(await exchangeBytes(await portOf(client, ECHO), 'bytes')).toBe('bytes');
      const lab = await portOf(client, 'lab.demo.bnn');
      expect((await getThroughProxy(lab, edge.lab.allowed[0]!)).status).toBe(200);
    };
    await client.register(toAlpha);
    await client.signIn();
    await useEverything(alpha);
    // While everything of Alpha runs.
    await client.register(toBeta);
    await client.signIn();
    await useEverything(beta);
    await switchTo(client, alpha);
    await useEverything(alpha);
    await switchTo(client, beta);
    await useEverything(beta);
    const own = [alpha, beta].map((edge) => vaultOf(client, edge));
    await client.call('session.signOut', {});
    await client.call('device.unregister', {});
    await useEverything(alpha);

    const first = (pem: string): string => new X509Certificate(pem).toString();
    const tokensOf = ({ session }: VaultContent) => [session!.trustToken, session!.refreshToken!];
    const seen = [alpha, beta].map((edge) => tap.by(edge));
    const codes = [codeOf(toAlpha), codeOf(toBeta)];
    for (const [here, there] of [
      [0, 1],
      [1, 0],
    ] as const) {
      const { certificates, text, failures } = seen[here]!;
      const { device, session } = own[here]!;
      expect(certificates).toEqual(
        new Set([first(device.certificate), first(session!.certificate)]),
      );
      expect(failures).toEqual([]);
      // What is its own was seen, so the tap sees; and nothing else was.
      expect(text).toContain(own[here]!.session!.trustToken);
      expect(text).toContain(Buffer.from(`invite:${codes[here]}`).toString('base64'));
      const [one, other] = [alpha, beta].map((edge) => edge.organisation);
      const foreign = [
        ...tokensOf(own[there]!),
        Buffer.from(`invite:${codes[there]}`).toString('base64'),
        here === 0 ? other! : one!,
      ];
      for (const secret of foreign) expect(text).not.toContain(secret);
    }
  });

  it('is asked nothing any more once its organisation is left: every connection ends', async () => {
    const tap = tapServers();
    onTestFinished(() => tap.stop());
    const client = await inBoth(both);
    const socket = await connectDirectly(await portOf(client, ECHO));
    const ended = new Promise((resolve) => socket.once('close', resolve));
    // A tunnel, the catalogue, its events.
    expect(tap.by(beta).open).toBeGreaterThanOrEqual(3);
    await switchTo(client, alpha);
    await ended;
    await until(async () => tap.by(beta).open === 0);
    const asked = tap.by(beta).text;
    await beta.edge.setServiceEnabled('api.demo.bnn', false);
    await beta.edge.setServiceEnabled('api.demo.bnn', true);
    await client.call('catalog.refresh', {});
    expect(tap.by(beta)).toMatchObject({ open: 0, text: asked });
  });
});
