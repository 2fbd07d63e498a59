// The user phase: shows the sign-in page and takes its answer. Every sign-in asks for the password, so that a link
// which somebody else's device has started cannot be approved by a session left in the browser.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Provider } from 'oidc-provider';
import type { Audit } from '../audit/audit.ts';
import { type Handler, HttpRefusal, readBody } from '../http/exchange.ts';
import type { Store, UserRecord } from '../store/store.ts';
import { networkOf } from './device-code.ts';
import type { OpenPages } from './open-pages.ts';
import { sendErrorPage, sendSignInPage, type SignInPage } from './pages.ts';
import { REGISTRATION_CLIENT, REGISTRATION_SECONDS } from './registration-client.ts';
import type { Upstream, UpstreamCode } from './upstream.ts';
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
  openPages: Pick<OpenPages, 'isOfBrowser'>;
  audit: Audit;
  /** Where people sign in; null: here. */
  upstream: Upstream | null;
  /** Filled into the form: only where everybody may know it. */
  prefill?: { email: string; password: string } | undefined;
}

export const INTERACTION = '/interaction';
type Details = Awaited<ReturnType<Provider['interactionDetails']>>;

interface SignedIn {
  request: IncomingMessage;
  response: ServerResponse;
  details: Details;
  user: UserRecord;
  amr: string[];
}

const ARRIVALS = { ok: null, disabled: 'account_disabled', taken: 'email_taken' } as const;
const WHY_NOT: Record<UpstreamCode, string> = {
  issuer_unreachable: 'The place where you sign in cannot be reached. Try again in a moment.',
  issuer_refused: 'The place where you sign in has refused it.',
  issuer_answer_invalid: 'The answer of the place where you sign in cannot be used. Start again.',
  email_unverified: 'The place where you sign in does not vouch for your e-mail address.',
  email_taken: 'Somebody else of your organisation has this e-mail address.',
  account_disabled: 'Your account is switched off. Your administrator can tell you more.',
};
const sendCodedPage = (response: ServerResponse, code: UpstreamCode): void =>
  sendErrorPage(response, code === 'issuer_unreachable' ? 503 : 403, WHY_NOT[code], code);

const ALERTS = {
  wrong: 'E-mail or password is wrong.',
  locked: 'Too many attempts. Wait a little, then try again.',
  /** Only who knows the password is told. */
  disabled: 'Your account is switched off. Your administrator can tell you more.',
} as const;

export function createInteraction(options: InteractionOptions): { show: Handler; answer: Handler } {
  const { provider, organisation, users, store, webClients, webSignIn, prefill, audit } = options;
  const { upstream, openPages } = options;

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

  /** The page may have been open since before the device was banned. */
  const whyNoMore = async (clientId: string): Promise<string | null> => {
    const device = await store.get('devices', clientId);
    return device?.revoked ?? device?.banned ?? null;
  };

  /** Null after answering with a page that says why not. */
  const detailsOf = async (
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<Details | null> => {
    const details = await provider.interactionDetails(request, response).catch(() => null);
    const isNamed = details && request.url?.split('?')[0] === `${INTERACTION}/${details.uid}`;
    if (isNamed && openPages.isOfBrowser(details.uid, request)) {
      const why = await whyNoMore(String(details.params['client_id']));
      if (why === null) return details;
      sendErrorPage(response, 403, why);
      return null;
    }
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
    const issuerOrigin = (await upstream?.pagesOrigin()) ?? null;
    if (upstream && issuerOrigin === null) return sendCodedPage(response, 'issuer_unreachable');
    sendSignInPage(response, again?.status ?? 200, {
      ...(issuerOrigin !== null && { issuerOrigin }),
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

  /** The user phase is over. */
  const signedIn = async ({ request, response, details, user, amr }: SignedIn): Promise<void> => {
    const clientId = String(details.params['client_id']);
    const service = webClients.service(clientId);
    const isStranger = clientId === REGISTRATION_CLIENT;
    if (service) {
      await webSignIn.withPassword({ provider, request, response, details, service }, user);
      return;
    }
    await store.change('devices', clientId, (device) =>
      device && device.owner === undefined ? { ...device, owner: user.email } : undefined,
    );
    // Our own app: what it asks for is granted with the sign-in. A new grant each time, so that ending one session never
    // ends another.
    const grant = new provider.Grant({
      accountId: user.id,
      clientId,
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- missing in its types
      ...(isStranger && ({ expiresIn: REGISTRATION_SECONDS } as object)),
    });
    grant.addOIDCScope(String(details.params['scope']));
    await provider.interactionFinished(
      request,
      response,
      {
        login: { accountId: user.id, remember: false, amr },
        consent: { grantId: await grant.save() },
      },
      { mergeWithLastSubmission: false },
    );
  };

  const show = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const details = await detailsOf(request, response);
    if (!details) return;
    const { searchParams } = new URL(request.url ?? '', 'http://any');
    if (upstream && searchParams.has('state')) {
      return arrive(upstream, request, response, details);
    }
    const service = webClients.service(String(details.params['client_id']));
    const exchange = service && { provider, request, response, details, service };
    if (exchange && (await webSignIn.begin(exchange)) === 'answered') return;
    await page(response, details);
  };

  /** Somebody comes back from the issuer where people sign in. */
  const arrive = async (
    there: Upstream,
    request: IncomingMessage,
    response: ServerResponse,
    details: Details,
  ): Promise<void> => {
    const service = webClients.service(String(details.params['client_id']));
    const end = await there.finish(details.uid, request.url?.replace(/^[^?]*/, '') ?? '');
    const user = end.ok ? await users.arrived(end.person) : null;
    const email = end.ok ? end.person.email : '';
    const code = end.ok ? ARRIVALS[typeof user === 'string' ? user : 'ok'] : end.code;
    noteArrival(request, details, { email, code });
    if (
      user === null ||
      typeof user === 'string' ||
      (service && !(await webSignIn.takesPassword(service, details.uid)))
    ) {
      return sendCodedPage(response, code ?? 'issuer_answer_invalid');
    }
    await signedIn({ request, response, details, user, amr: [] });
  };

  const noteArrival = (
    request: IncomingMessage,
    details: Details,
    { email, code }: { email: string; code: UpstreamCode | null },
  ): void => {
    const clientId = String(details.params['client_id']);
    audit.write({
      event: 'sign-in',
      correlation_id: randomUUID(),
      allowed: code === null,
      ...(code !== null && { code }),
      ...(email !== '' && { person: email }),
      ...(webClients.service(clientId) ? { service: clientId } : { device: clientId }),
      from: request.socket.remoteAddress ?? '',
    });
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    refuseForeignOrigin(request);
    const details = await detailsOf(request, response);
    if (!details) return;
    const service = webClients.service(String(details.params['client_id']));
    if (service && !(await webSignIn.takesPassword(service, details.uid))) {
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
    if (upstream) {
      const there = await upstream.begin(details.uid);
      if (there === null) return sendCodedPage(response, 'issuer_unreachable');
      response.writeHead(303, { Location: there, 'Cache-Control': 'no-store' }).end();
      return;
    }
    const email = (form.get('email') ?? '').slice(0, 200);
    const password = (form.get('password') ?? '').slice(0, 200);
    const clientId = String(details.params['client_id']);
    const device = service ? (await webSignIn.deviceOf(details.uid))?.id : clientId;
    // Anybody may begin there: their guesses lock nobody out who comes from elsewhere, to this service neither.
    const isStranger = device === undefined || clientId === REGISTRATION_CLIENT;
    const deviceId = isStranger ? networkOf(request.socket.remoteAddress ?? '') : device;
    const check = await users.check({ email, password, deviceId, isStranger });
    await note(request, email, check, service ? { service: service.id } : { device: deviceId });
    if (!check.ok) {
      const status = check.why === 'locked' ? 429 : 401;
      await page(response, details, { status, email, alert: ALERTS[check.why] });
      return;
    }
    await signedIn({ request, response, details, user: check.user, amr: ['pwd'] });
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

/** Back to the page of the sign-in that has asked: the cookie that binds it to this browser is sent nowhere else. */
export function createUpstreamCallback(upstream: Upstream | null): Handler {
  return (request, response) => {
    const query = request.url?.replace(/^[^?]*/, '') ?? '';
    const signIn = upstream?.signInOf(new URLSearchParams(query).get('state') ?? '') ?? null;
    if (signIn === null) return sendCodedPage(response, 'issuer_answer_invalid');
    response
      .writeHead(303, {
        Location: `${INTERACTION}/${signIn}${query}`,
        'Cache-Control': 'no-store',
        'Referrer-Policy': 'no-referrer',
        'Content-Length': '0',
      })
      .end();
  };
}
