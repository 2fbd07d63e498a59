// Sign-in at another device (RFC 8628): the pages for the code, and what the issuer's library leaves to us.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Configuration, KoaContextWithOIDC } from 'oidc-provider';
import type { Handler } from '../http/exchange.ts';
import type { Store } from '../store/store.ts';
import {
  confirmCodePage,
  enterCodePage,
  pageHeaders,
  sendErrorPage,
  signInDonePage,
} from './pages.ts';
import type { Throttle } from './throttle.ts';

export const DEVICE_CODE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
/** As `/device?user_code=WDJB-MJHT` it is filled in, and still sent by the person. */
export const CODE_PAGE = '/device';
/** Times differ a little on both sides; RFC 8628 3.5 means those who do not wait at all. */
const EARLY_MS = 500;

type Features = NonNullable<Configuration['features']>;
type Middleware = (context: KoaContextWithOIDC, next: () => Promise<void>) => Promise<void>;

export interface DeviceCodeOptions {
  issuer: string;
  organisation: string;
  store: Store;
  /** Seconds that a device has to wait before it asks again. */
  pollEvery: number;
  /** Of one address that guesses codes. */
  throttle: Throttle;
}

export interface DeviceCode {
  feature: NonNullable<Features['deviceFlow']>;
  /** Around the issuer's own answers. */
  middleware: Middleware;
  /** In front of the form for the code. */
  throttled(handler: Handler): Handler;
}

export function createDeviceCode(options: DeviceCodeOptions): DeviceCode {
  const { issuer, organisation, store, pollEvery, throttle } = options;
  /** When each device code was last asked for; those that nobody asks for any more are forgotten. */
  const polls = new Map<string, number>();

  function isTooSoon(deviceCode: string): boolean {
    const now = Date.now();
    const before = polls.get(deviceCode) ?? -Infinity;
    for (const [code, at] of polls) if (now - at > 60_000) polls.delete(code);
    polls.set(deviceCode, now);
    return now - before < pollEvery * 1000 - EARLY_MS;
  }

  return {
    feature: {
      enabled: true,
      charset: 'base-20',
      mask: '****-****',
      deviceInfo: (context) => ({ ip: context.req.socket.remoteAddress ?? '' }),
      userCodeInputSource(context, _form, _out, error) {
        context.set(pageHeaders());
        context.body = enterCodePage({
          organisation,
          action: CODE_PAGE,
          xsrf: xsrfOf(context),
          userCode: textOf(context.state['userCode']),
          problem: error && problemOf(error),
        });
      },
      async userCodeConfirmSource(context, _form, client, info, userCode) {
        throttle.succeeded(addressOf(context.req));
        const device = await store.get('devices', client.clientId);
        context.set(pageHeaders());
        context.body = confirmCodePage({
          organisation,
          device: device ?? { name: 'unknown', ownership: 'Other' },
          address: textOf(info['ip']),
          action: CODE_PAGE,
          xsrf: xsrfOf(context),
          userCode,
        });
      },
      async successSource(context) {
        const device = await store.get('devices', context.oidc.client?.clientId ?? '');
        context.set(pageHeaders());
        context.body = signInDonePage(device?.name ?? 'the device');
      },
    },

    async middleware(context, next) {
      if (context.method === 'GET' && context.path === CODE_PAGE) {
        // The library would send the form at once, by a script: here the person sends it, without one.
        context.state['userCode'] = String(context.query['user_code'] ?? '').slice(0, 20);
        context.query = {};
      }
      await next();
      const answer: unknown = context.body;
      if (typeof answer !== 'object' || answer === null) return;
      if ('user_code' in answer && 'verification_uri' in answer) {
        // Asked for over mutual TLS, but browsers go to the port that wants no certificate.
        const page = `${issuer}${CODE_PAGE}`;
        context.body = {
          ...answer,
          verification_uri: page,
          verification_uri_complete: `${page}?user_code=${String(answer.user_code)}`,
          interval: pollEvery,
        };
      } else if ('error' in answer && answer.error === 'authorization_pending') {
        if (isTooSoon(String(context.oidc.params?.['device_code']))) {
          context.body = { ...answer, error: 'slow_down' };
        }
      }
    },

    throttled: (handler) => (request: IncomingMessage, response: ServerResponse) => {
      const address = addressOf(request);
      if (throttle.delayMs(address) > 0) {
        return sendErrorPage(
          response,
          429,
          'Too many codes were tried. Wait a little, then try again.',
        );
      }
      // Counted before it is known to be wrong, so that many at once do not all get through.
      throttle.failed(address);
      return handler(request, response);
    },
  };
}

const problemOf = ({ name }: { name: string }): string => {
  switch (name) {
    case 'ExpiredError':
      return 'This code has expired. Start again on your device.';
    case 'AlreadyUsedError':
      return 'This code has been used already. Start again on your device.';
    case 'AbortedError':
      return 'You have denied the sign-in. Nothing was approved.';
    case 'NoCodeError':
      return 'Type the code that your device shows.';
    default:
      return 'There is no such code. Type it as your device shows it.';
  }
};

const xsrfOf = (context: KoaContextWithOIDC): string =>
  textOf(context.oidc.session?.state?.['secret']);

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Whoever has an IPv6 network has all addresses of it. */
function addressOf({ socket }: IncomingMessage): string {
  const address = socket.remoteAddress ?? '';
  return address.includes('.') ? address : address.split(':').slice(0, 4).join(':');
}
