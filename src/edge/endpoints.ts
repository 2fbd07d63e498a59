// Which addresses answer what, on which port: the HTTP side of the edge, put together.
import { randomUUID } from 'node:crypto';
import type { RequestListener } from 'node:http';
import {
  ORGANISATION_DOCUMENT_PATH,
  type OrganisationDocument,
} from '../shared/protocol/organisation.ts';
import type { AccessTier } from './access-tier/access-tier.ts';
import type { Admit } from './access-tier/admit.ts';
import type { Audit } from './audit/audit.ts';
import type { Authority } from './authority/authority.ts';
import { createRevocationList, REVOCATION_LIST } from './authority/revocation-list.ts';
import type { ClientCertificates } from './authority/client-certificates.ts';
import type { SshAuthority } from './authority/ssh-authority.ts';
import type { Changes } from './changes.ts';
import { API, createApi } from './command-center/api.ts';
import type { EventStreams } from './command-center/event-streams.ts';
import type { PublishedService, Rulebook } from './command-center/rulebook.ts';
import type { EdgeConfig, Lifetimes } from './config.ts';
import type { Devices } from './devices.ts';
import { createEnrolment, EST } from './enrolment/est.ts';
import type { Invites } from './enrolment/invites.ts';
import { createManagedDevices } from './enrolment/managed-devices.ts';
import { createSshCertificates, SSH_CERTIFICATE } from './enrolment/ssh-certificates.ts';
import { createRegistrationTokens } from './enrolment/registration-tokens.ts';
import { sendJson } from './http/exchange.ts';
import { createRouter, type Routes } from './http/router.ts';
import { reason } from './log.ts';
import type { Settings } from './settings.ts';
import type { Store } from './store/store.ts';
import { BROWSER_DEVICE, createBrowserDevices } from './trust-provider/browser-devices.ts';
import { CODE_PAGE, createDeviceCode } from './trust-provider/device-code.ts';
import { createForeignTokens } from './trust-provider/foreign-tokens.ts';
import { createIdentify } from './trust-provider/identify.ts';
import { createDeviceSessions, TICKET_SECONDS } from './trust-provider/device-sessions.ts';
import {
  createInteraction,
  createUpstreamCallback,
  INTERACTION,
} from './trust-provider/interaction.ts';
import { createOpenPage, OPEN_PATH } from './trust-provider/open-page.ts';
import { createKubeTokens } from './trust-provider/kube-tokens.ts';
import { createOpenPages } from './trust-provider/open-pages.ts';
import { createOwnTokens } from './trust-provider/own-tokens.ts';
import { createIssuer, ENDPOINTS } from './trust-provider/provider.ts';
import { boundedPushes } from './trust-provider/pushed-requests.ts';
import { REGISTRATION_CLIENT } from './trust-provider/registration-client.ts';
import type { IssuerSecrets } from './trust-provider/secrets.ts';
import type { Sessions } from './trust-provider/sessions.ts';
import { createThrottle } from './trust-provider/throttle.ts';
import type { TokenCheck } from './trust-provider/token-check.ts';
import { type Upstream, UPSTREAM_CALLBACK } from './trust-provider/upstream.ts';
import type { Users } from './trust-provider/users.ts';
import type { WebClients } from './trust-provider/web-clients.ts';
import { createWebSignIn } from './trust-provider/web-sign-in.ts';

export interface EndpointsOptions {
  config: EdgeConfig;
  lifetimes: Lifetimes;
  ports: { browser: number | null };
  issuer: string;
  /** Origin of the port that asks for DeviceCerts. */
  mutualOrigin: string;
  settings: Settings;
  exemptsUnregistered: (service: PublishedService) => boolean;
  accessTier: AccessTier;
  admit: Admit;
  tokens: TokenCheck;
  webClients: WebClients;
  authority: Authority;
  ssh: SshAuthority;
  certificates: ClientCertificates;
  secrets: IssuerSecrets;
  store: Store;
  volatile: Store;
  audit: Audit;
  users: Users;
  /** Where people sign in; null: here. */
  upstream: Upstream | null;
  people: Pick<Users, 'asOfNow'>;
  invites: Invites;
  sessions: Sessions;
  devices: Devices;
  rulebook: Rulebook;
  events: EventStreams;
  changes: Changes;
}

export interface Endpoints {
  document: OrganisationDocument;
  public: RequestListener;
  mutual: RequestListener;
  browser: RequestListener;
}

const DISCOVERY = '/.well-known/openid-configuration';

export async function createEndpoints(options: EndpointsOptions): Promise<Endpoints> {
  const { config, lifetimes, ports, authority, certificates, secrets, store } = options;
  const { users, sessions, devices, rulebook, events, changes } = options;
  const { issuer, mutualOrigin, accessTier, admit, tokens, webClients, volatile } = options;
  const { settings, exemptsUnregistered } = options;
  const trustTokenSeconds = (): number => settings.trustTokenSeconds();
  const { name, log, posture, foreignIssuer: foreign, registersBySignIn = false } = config;
  const browserOrigin = ports.browser === null ? null : `http://127.0.0.1:${ports.browser}`;
  const document: OrganisationDocument = {
    version: 1,
    name,
    issuer: foreign?.issuer ?? issuer,
    ...(foreign && { client_id: foreign.clientId }),
    ...(foreign?.audience !== undefined && { audience: foreign.audience }),
    est: {
      device: `${issuer}${EST}/device`,
      device_renewal: `${mutualOrigin}${EST}/device`,
      trustcert: `${mutualOrigin}${EST}/trustcert`,
    },
    command_center: `${mutualOrigin}${API}`,
    ssh: { certificate: `${mutualOrigin}${SSH_CERTIFICATE}`, ca: options.ssh.publicKey },
    minimum_app_version: '0.1.0',
    ...(registersBySignIn && {
      registration: { client_id: REGISTRATION_CLIENT, root: authority.rootFingerprint },
    }),
    ...(browserOrigin !== null && !foreign && { browser_origin: browserOrigin }),
  };

  const pagesOrigin = browserOrigin ?? issuer;
  const deviceSessions = createDeviceSessions(volatile, sessions, TICKET_SECONDS);
  const cookie = {
    name: 'banyan_device',
    secure: pagesOrigin.startsWith('https:'),
    plainPath: INTERACTION,
  };
  const verifyToken = foreign
    ? createForeignTokens({ trusted: foreign, organisation: name, sessions })
    : createOwnTokens(tokens, sessions);
  const identify = createIdentify({ verifyToken, certificates, store });
  const browserDevices = createBrowserDevices({
    volatile,
    store,
    identify,
    deviceManagers: () => settings.deviceManagers(),
    mutualOrigin,
    pageOf: (interaction) => `${pagesOrigin}${INTERACTION}/${interaction}`,
    life: lifetimes.signInPage,
  });
  const webSignIn = createWebSignIn({
    store,
    volatile,
    users,
    admit,
    deviceSessions,
    browserDevices,
    cookie,
    trustTokenSeconds,
    exemptsUnregistered,
    audit: options.audit,
  });
  const deviceCode = createDeviceCode({
    issuer,
    organisation: name,
    store,
    pollEvery: lifetimes.pollEvery,
    throttle: createThrottle({ freeAttempts: 10, firstDelayMs: 1_000, longestDelayMs: 300_000 }),
  });
  const openPages = createOpenPages({
    life: lifetimes.signInPage,
    secure: pagesOrigin.startsWith('https:'),
    path: INTERACTION,
    isDevice: (id) => id !== REGISTRATION_CLIENT && webClients.service(id) === undefined,
  });
  const provider = await createIssuer({
    issuer,
    mutualOrigin,
    organisation: name,
    secrets,
    store,
    volatile,
    users,
    webClients,
    webSignIn,
    certificates,
    lifetimes,
    trustTokenSeconds,
    deviceCode,
    openPages,
    registersBySignIn,
    onSessionGone: (sessionId, deviceId) =>
      changes.emit({ type: 'session-ended', sessionId, deviceId }),
    onRefused: (device, request) =>
      options.audit.write({
        event: 'sign-in',
        correlation_id: randomUUID(),
        allowed: false,
        ...(device === null ? { code: 'certificate_missing' } : { code: 'device_refused', device }),
        from: request.socket.remoteAddress ?? '',
      }),
    log,
  });
  const issuerAnswers = provider.callback();
  const interaction = createInteraction({
    provider,
    organisation: name,
    users,
    store,
    webClients,
    webSignIn,
    openPages,
    prefill: config.prefill,
    upstream: options.upstream,
    audit: options.audit,
  });
  const enrolment = createEnrolment({
    authority,
    store,
    invites: options.invites,
    registrationTokens: registersBySignIn
      ? createRegistrationTokens({ issuer, signingKey: secrets.signingKey, store })
      : null,
    audit: options.audit,
    identify,
    deviceCertSeconds: lifetimes.deviceCert,
    revocationList: `${issuer}${REVOCATION_LIST}`,
    throttle: createThrottle({ freeAttempts: 20, firstDelayMs: 1_000, longestDelayMs: 5_000 }),
  });
  const api = createApi({
    identify,
    store,
    rulebook,
    events,
    posture,
    addressOf: (service) => accessTier.frontends.addressOf(service),
    people: options.people,
    admit,
    deviceSessions: foreign ? null : deviceSessions,
    kubeTokens: foreign ? null : createKubeTokens(issuer, secrets.signingKey),
    audit: options.audit,
    openAddress: (ticket) => `${pagesOrigin}${OPEN_PATH}?ticket=${ticket}`,
    devices,
  });

  const pages: Routes = {
    [`GET ${ENDPOINTS.authorization}`]: openPages.bounded(issuerAnswers),
    [`GET ${ENDPOINTS.authorization}/*`]: issuerAnswers,
    [`GET ${CODE_PAGE}`]: issuerAnswers,
    [`GET ${CODE_PAGE}/*`]: issuerAnswers,
    [`POST ${CODE_PAGE}`]: deviceCode.throttled(issuerAnswers),
    [`GET ${INTERACTION}/*`]: interaction.show,
    [`POST ${INTERACTION}/*`]: interaction.answer,
    [`GET ${UPSTREAM_CALLBACK}`]: createUpstreamCallback(options.upstream),
    [`GET ${OPEN_PATH}`]: createOpenPage({
      deviceSessions,
      cookie,
      service: (id) => webClients.service(id),
      personOf: async (id) => (await users.find(id))?.email,
      addressOf: (service) => `${accessTier.sites.all(service)[0]}/`,
    }),
  };
  // On the public port these answer too, and say that a certificate is missing.
  const backChannel: Routes = {
    [`POST ${ENDPOINTS.pushed_authorization_request}`]: issuerAnswers,
    [`POST ${ENDPOINTS.device_authorization}`]: issuerAnswers,
    [`POST ${ENDPOINTS.token}`]: issuerAnswers,
    [`POST ${ENDPOINTS.revocation}`]: issuerAnswers,
  };
  const at = (origin: string, routes: Routes): RequestListener =>
    createRouter({ hosts: new Set([new URL(origin).host]), routes, log });
  const managed = createManagedDevices({ certificates, settings, store, audit: options.audit });
  const sshCertificates = createSshCertificates({
    ssh: options.ssh,
    identify,
    isForeign: foreign !== undefined || options.upstream !== null,
  });
  const mutual = at(mutualOrigin, {
    ...enrolment.mutual,
    ...sshCertificates,
    [`GET ${BROWSER_DEVICE}`]: browserDevices.show,
    ...backChannel,
    ...api,
  });
  return {
    document,
    public: at(issuer, {
      [`GET ${ORGANISATION_DOCUMENT_PATH}`]: (_, response) => sendJson(response, 200, document),
      [`GET ${DISCOVERY}`]: issuerAnswers,
      [`GET ${ENDPOINTS.jwks}`]: issuerAnswers,
      ...enrolment.open,
      ...createRevocationList({ authority, store }),
      ...pages,
      ...backChannel,
      [`POST ${ENDPOINTS.pushed_authorization_request}`]: boundedPushes(issuerAnswers),
    }),
    mutual: (request, response) => {
      // Known before anybody asks who it is; where that fails, it is asked, and refused.
      void managed
        .arrive(request)
        .catch((error: unknown) =>
          log('error', 'a managed device could not be stored', { reason: reason(error) }),
        )
        .then(() => mutual(request, response));
    },
    browser: at(browserOrigin ?? issuer, pages),
  };
}
