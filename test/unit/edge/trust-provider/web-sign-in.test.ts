// Signing in to a web service by password, where the device that was shown is accepted no more by the time that it was typed.
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect, test } from 'vitest';
import type { AuditEntry } from '../../../../src/edge/audit/audit.ts';
import {
  createWebSignIn,
  type Exchange,
  type WebSignInOptions,
} from '../../../../src/edge/trust-provider/web-sign-in.ts';

test('a password opens nothing where no device is shown any more, and none is exempted', async () => {
  const noted: AuditEntry[] = [];
  const options: Partial<WebSignInOptions> = {
    exemptsUnregistered: () => false,
    audit: { write: (entry: AuditEntry) => void noted.push(entry) } as WebSignInOptions['audit'],
    browserDevices: {
      of: () => Promise.resolve(null),
      arrived: () => Promise.resolve(),
      wayFrom: () => null,
    },
  };
  const request = new IncomingMessage(new Socket());
  const response = new ServerResponse(request);
  const exchange = {
    request,
    response,
    details: { uid: 'a', params: { scope: 'openid' } },
    service: { id: 'shop.demo.bnn', document: { metadata: { name: 'shop' } } },
  };
  const signIn = createWebSignIn(options as WebSignInOptions);
  const user = { id: 'u', email: 'dana@demo.example', groups: [] };
  await signIn.withPassword(exchange as unknown as Exchange, user as never);
  expect(response.statusCode).toBe(403);
  expect(noted).toMatchObject([{ allowed: false, code: 'device_unregistered' }]);
});
