// Anybody may be sent to sign in, and each costs the issuer a request: so many at once, and no more.
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect, test } from 'vitest';
import {
  type BrowserSignInOptions,
  createBrowserSignIn,
  type Site,
} from '../../../../src/edge/access-tier/web/browser-sign-in.ts';

const site = {
  service: { id: 'shop.demo.bnn', document: { spec: { http_settings: { returnPath: '' } } } },
  origin: 'https://shop.demo.localhost',
  secure: true,
} as unknown as Site;

test('256 browsers are sent to sign in at once; one more waits until any of them has been, or could not be', async () => {
  const asked: { resolve: (page: string) => void; reject: (error: Error) => void }[] = [];
  const options: Partial<BrowserSignInOptions> = {
    relyingParty: {
      begin: () => new Promise<string>((resolve, reject) => asked.push({ resolve, reject })),
    } as unknown as BrowserSignInOptions['relyingParty'],
    log: () => {},
  };
  const signIn = createBrowserSignIn(options as BrowserSignInOptions);
  const begin = async (): Promise<number> => {
    const request = new IncomingMessage(new Socket());
    const response = new ServerResponse(request);
    await signIn.begin(site, request, response);
    return response.statusCode;
  };
  const tooMany = { status: 503, message: 'Too many sign-ins at once.' };
  const first = Array.from({ length: 256 }, begin);
  await expect(begin()).rejects.toMatchObject(tooMany);

  asked[0]?.resolve('https://issuer.example/');
  expect(await first[0]).toBe(302);
  asked[1]?.reject(new Error('the issuer is away'));
  await expect(first[1]).rejects.toMatchObject({ status: 503 });
  const [later] = [begin(), begin()];
  await expect(begin()).rejects.toMatchObject(tooMany);
  asked[256]?.resolve('https://issuer.example/');
  expect(await later).toBe(302);
});
