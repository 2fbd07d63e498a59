// The user phase: shows the sign-in page and takes its answer. Every sign-in asks for the password, so that a link
// which somebody else's device has started cannot be approved by a session left in the browser.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Provider } from 'oidc-provider';
import type { Audit } from '../audit/audit.ts';
import { type Handler, HttpRefusal, readBody } from '../http/exchange.ts';
import type { Store } from '../store/store.ts';
import { networkOf } from './device-code.ts';
import { sendErrorPage, sendSignInPage, type SignInPage } from './pages.ts';
import { REGISTRATION_CLIENT, REGISTRATION_SECONDS } from './registration-client.ts';
import type { SignInCheck, Users } from './users.ts';
import { nameOf, type WebClients } from './web-clients.ts';
import type { WebSignIn } from './web-sign-in.ts';

export interface InteractionOptions {
  provider: Provider;
  organisation: string;
  users: Users;
  store: Store;
  webClients: WebClients;
  webSignIn: WebSignIn;
  audit: Audit;
  /** Filled into the form: only where everybody may know it. */
  prefill?: { email: string; password: string } | undefined;
}

export const INTERACTION = '/interaction';
type Details = Awaited<ReturnType<Provider['interactionDetails']>>;

const ALERTS = {
  wrong: 'E-mail or password is wrong.',
  locked: 'Too many attempts. Wait a little, then try again.',
  /** Only who knows the password is told. */
  disabled: 'Your account is switched off. Your administrator can tell you more.',
} as const;

export function createInteraction(options: InteractionOptions): { show: Handler; answer: Handler } {
  const { provider, organisation, users, store, webClients, webSignIn, prefill, audit } = options;

  const note = async (
    request: IncomingMessage,
    email: string,
    check: SignInCheck,
    at: { service: string } | { device: string },
  ): Promise<void> => {
    // What was typed is named only when it is somebody's: people type passwords there, too.
    const user = await users.byEmail(email);
    audit.write({
      event: 'sign-in',
      correlation_id: randomUUID(),
      allowed: check.ok,
      ...(check.ok ? {} : { code: `password_${check.why}` }),
      ...(user && { person: user.email }),
      ...at,
      from: request.socket.remoteAddress ?? '',
    });
  };

  /** Null after answering with a page that says why not. */
  const detailsOf = async (
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<Details | null> => {
    const details = await provider.interactionDetails(request, response).catch(() => null);
    if (details && request.url?.split('?')[0] === `${INTERACTION}/${details.uid}`) return details;
    sendErrorPage(response, 400, 'This sign-in is over. Go back to the app and start again.');
    return null;
  };

  const deviceOf = async (clientId: string): Promise<SignInPage['device']> =>
    clientId === REGISTRATION_CLIENT
      ? 'new'
      : ((await store.get('devices', clientId)) ?? { name: 'unknown', ownership: 'Other' });

  const page = async (
    response: ServerResponse,
    details: Details,
    again?: { status: number; email: string; alert: string },
  ): Promise<void> => {
    const clientId = String(details.params['client_id']);
    const service = webClients.service(clientId);
    const device = service ? { service: nameOf(service) } : await deviceOf(clientId);
    sendSignInPage(response, again?.status ?? 200, {
      organisation,
      device,
      action: `${INTERACTION}/${details.uid}`,
      ...asked(details.params['redirect_uri']),
      ...(service && { asks: 'A web service asks you to sign in.' }),
      ...(device === 'new' && { asks: 'A new device asks to be registered in your name.' }),
      email: again?.email ?? prefill?.email ?? '',
      password: prefill?.password,
      alert: again?.alert,
    });
  };

  const show = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const details = await detailsOf(request, response);
    if (!details) return;
    const service = webClients.service(String(details.params['client_id']));
    const exchange = service && { provider, request, response, details, service };
    if (exchange && (await webSignIn.begin(exchange)) === 'answered') return;
    await page(response, details);
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    refuseForeignOrigin(request);
    const details = await detailsOf(request, response);
    if (!details) return;
    const service = webClients.service(String(details.params['client_id']));
    if (service && !webSignIn.takesPassword(service)) {
      throw new HttpRefusal(403, 'This service takes no password.');
    }
    const form = new URLSearchParams(await readBody(request));
    if (form.get('decision') === 'deny') {
      await provider.interactionFinished(request, response, {
        error: 'access_denied',
        error_description: 'The person has denied it.',
      });
      return;
    }
    const email = (form.get('email') ?? '').slice(0, 200);
    const password = (form.get('password') ?? '').slice(0, 200);
    const clientId = String(details.params['client_id']);
    const isStranger = clientId === REGISTRATION_CLIENT;
    const deviceId = isStranger ? networkOf(request.socket.remoteAddress ?? '') : clientId;
    const check = await users.check({ email, password, deviceId, isStranger });
    await note(request, email, check, service ? { service: service.id } : { device: deviceId });
    if (!check.ok) {
      const status = check.why === 'locked' ? 429 : 401;
      await page(response, details, { status, email, alert: ALERTS[check.why] });
      return;
    }
    if (service) {
      await webSignIn.withPassword({ provider, request, response, details, service }, check.user);
      return;
    }
    await store.change('devices', clientId, (device) =>
      device && device.owner === undefined ? { ...device, owner: check.user.email } : undefined,
    );
    // Our own app: what it asks for is granted with the sign-in. A new grant each time, so that ending one session never
    // ends another.
    const grant = new provider.Grant({
      accountId: check.user.id,
      clientId,
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- missing in its types
      ...(isStranger && ({ expiresIn: REGISTRATION_SECONDS } as object)),
    });
    grant.addOIDCScope(String(details.params['scope']));
    await provider.interactionFinished(
      request,
      response,
      {
        login: { accountId: check.user.id, remember: false, amr: ['pwd'] },
        consent: { grantId: await grant.save() },
      },
      { mergeWithLastSubmission: false },
    );
  };

  return { show, answer };
}

/** Without a redirect it is a code that was typed here (RFC 8628). */
const asked = (redirectUri: unknown): { asks: string; redirectOrigin?: string } =>
  typeof redirectUri === 'string'
    ? {
        asks: 'An app on your computer asks you to sign in.',
        redirectOrigin: new URL(redirectUri).origin,
      }
    : { asks: 'The device that you have confirmed asks you to sign in.' };

/** A form on another site must not answer here. Programs that are no browser send neither header. */
function refuseForeignOrigin(request: IncomingMessage): void {
  const { origin, host } = request.headers;
  const site = request.headers['sec-fetch-site'];
  const own = origin === undefined || (URL.canParse(origin) && new URL(origin).host === host);
  if (!own || (site !== undefined && site !== 'same-origin')) {
    throw new HttpRefusal(403, 'The form was sent from another site.');
  }
}
