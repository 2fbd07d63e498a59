// An OpenID Connect issuer that nobody here wrote, on loopback under the organisation's root: it knows people, rotates
// refresh tokens, and has no device phase.
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import {
  Events,
  type MutableResponse,
  type MutableToken,
  OAuth2Server,
  type TokenRequestIncomingMessage,
} from 'oauth2-mock-server';
import { gzipSync } from 'node:zlib';
import { onTestFinished } from 'vitest';
import { openAuthority } from '../../src/edge/authority/authority.ts';
import { pageBehind } from '../../scripts/lib/approve-sign-in.mjs';
import { call } from './https.ts';
import { tempDir } from './temp-dir.ts';

export const CLIENT_ID = 'banyan-app';

export interface SecondIssuer {
  url: string;
  /** PEM. */
  root: string;
  /** Of an edge that is to have this root. */
  data: string;
  /** Put over what its ID tokens say. */
  claims: Record<string, unknown>;
  /** The requests at its token endpoint, by grant. */
  grants: string[];
  revocations: number;
  /** The refresh token that it accepts; each is good once. */
  current: string | null;
  /** Signs what no sign-in has asked for. */
  sign(claims: Record<string, unknown>): Promise<string>;
  /** Approves as the browser of the person would: this issuer asks nothing. */
  approve(url: string): Promise<void>;
  /** What goes wrong with requests for this path. */
  fault: { path: string; how: Fault; to?: string } | null;
  stop(): Promise<void>;
}

export type Fault =
  | 'reset'
  | 'truncated'
  | 'web page'
  | 'server error'
  | 'slow'
  | 'silent'
  | 'redirect'
  | 'endless'
  | 'compressed';
/** So late is a slow answer. */
const SLOW_MS = 1_000;

export async function startSecondIssuer(): Promise<SecondIssuer> {
  const data = tempDir();
  const authority = await openAuthority(path.join(data, 'authority'), 'Demo');
  const { key, cert } = await authority.issueServer(['localhost'], 3_600);
  const server = new OAuth2Server();
  await server.issuer.keys.generate('RS256');
  const front = createServer({ key, cert }, (request, response) => {
    const isFaulty = issuer.fault !== null && request.url?.split('?')[0] === issuer.fault.path;
    const answer = (): void => server.service.requestHandler(request, response);
    if (!isFaulty) answer();
    else if (issuer.fault!.how === 'slow') setTimeout(answer, SLOW_MS);
    else fail(issuer.fault!, response);
  });
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  server.issuer.url = `https://localhost:${(front.address() as AddressInfo).port}`;
  const issuer: SecondIssuer = {
    url: server.issuer.url,
    root: authority.root,
    data,
    claims: {
      sub: 'ext|dana',
      email: 'dana@demo.example',
      email_verified: true,
      name: 'Dana Elsewhere',
      groups: ['Engineering'],
    },
    grants: [],
    revocations: 0,
    current: null,
    fault: null,
    sign: (claims) =>
      server.issuer.buildToken({
        scopesOrTransform: (_header, payload) => Object.assign(payload, claims),
      }),
    async approve(url) {
      const { href } = await pageBehind(url);
      const { headers } = await call(href, { root: authority.root });
      await (await fetch(String(headers['location']))).text();
    },
    async stop() {
      front.closeAllConnections();
      front.close();
      if (front.listening) await once(front, 'close');
    },
  };
  server.service.on(Events.BeforeTokenSigning, ({ payload }: MutableToken) => {
    if (payload['aud'] === CLIENT_ID) Object.assign(payload, issuer.claims);
  });
  // As issuers do that rotate: a refresh token is good once (RFC 9700 4.14).
  server.service.on(
    Events.BeforeResponse,
    (response: MutableResponse, { body }: TokenRequestIncomingMessage) => {
      issuer.grants.push(body.grant_type);
      const shown = (body as { refresh_token?: string }).refresh_token;
      if (body.grant_type === 'refresh_token' && shown !== issuer.current) {
        Object.assign(response, { statusCode: 400, body: { error: 'invalid_grant' } });
      } else {
        const { refresh_token } = response.body as { refresh_token: string };
        issuer.current = refresh_token;
      }
    },
  );
  server.service.on(Events.BeforeRevoke, () => void (issuer.revocations += 1));
  onTestFinished(() => issuer.stop());
  return issuer;
}

function fail(
  { how, to = '' }: NonNullable<SecondIssuer['fault']>,
  response: ServerResponse,
): void {
  switch (how) {
    case 'slow':
    case 'silent':
      return;
    case 'reset':
      return void response.socket?.destroy();
    case 'truncated':
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' });
      response.write('{"issuer":');
      return void setTimeout(() => response.socket?.destroy(), 50);
    case 'web page':
      return void response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Welcome</h1>');
    case 'endless': {
      response.writeHead(200, { 'content-type': 'application/json' });
      const more = setInterval(() => response.write(' '.repeat(64 * 1024)), 1);
      return void response.once('close', () => clearInterval(more));
    }
    case 'compressed':
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
      return void response.end(gzipSync(' '.repeat(32 * 1024 * 1024)));
    case 'redirect':
      return void response.writeHead(307, { location: to }).end();
    case 'server error':
      return void response.writeHead(502, { 'content-type': 'text/plain' }).end('Bad gateway');
  }
}
