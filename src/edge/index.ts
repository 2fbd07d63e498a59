// Front door of the edge: the whole server side of one organisation in one process, composed by hand.
// Longer than other files, as the order in which the parts start, and stop in reverse, stands in one place.
import type { Server } from 'node:http';
import { join } from 'node:path';
import type { TrustLevel } from '../shared/model/posture.ts';
import { formatInvite } from '../shared/protocol/invite.ts';
import type { OrganisationDocument } from '../shared/protocol/organisation.ts';
import { createAdministration } from './administration/administration.ts';
import { createApiKeys } from './administration/api-keys.ts';
import { openControl } from './administration/control-server.ts';
import { startAccessTier } from './access-tier/access-tier.ts';
import { openAcme } from './acme/certificates.ts';
import { createAdmit } from './access-tier/admit.ts';
import { createRelyingParty } from './access-tier/web/relying-party.ts';
import { openAudit } from './audit/audit.ts';
import { openSshAuthority } from './authority/ssh-authority.ts';
import { createClientCertificates } from './authority/client-certificates.ts';
import { createServerCertificates, renewed } from './authority/server-certificates.ts';
import { createChanges } from './changes.ts';
import { createEventStreams } from './command-center/event-streams.ts';
import { type Documents, openRulebook, type PublishedService } from './command-center/rulebook.ts';
import { DEFAULT_LIFETIMES, type EdgeConfig, type Lifetimes, waitingForRestart } from './config.ts';
import { createDevices } from './devices.ts';
import { createEndpoints } from './endpoints.ts';
import { createInvites, type DeploymentWish, type ListedInvite } from './enrolment/invites.ts';
import { closerOf, listen, type PortWish } from './http/listen.ts';
import { countErrors } from './log.ts';
import { openOwnKeys } from './own-keys.ts';
import { createMetrics } from './operations/metrics.ts';
import { createOperationsServer } from './operations/server.ts';
import { createRestServer } from './rest/server.ts';
import { createBrowserServer, createTlsHttpServer } from './servers.ts';
import { openSettings } from './settings.ts';
import { removeLeftovers } from './store/atomic-file.ts';
import { openFileStore } from './store/file-store.ts';
import { createMemoryStore } from './store/memory-store.ts';
import { createStoreFollower } from './store/follower.ts';
import { openPostgresStore } from './store/postgres-store.ts';
import type { CollectionName, DeviceRecord } from './store/store.ts';
import { sweepRegularly } from './store/sweep.ts';
import { createWebClients, isWeb } from './trust-provider/web-clients.ts';
import { createSessions } from './trust-provider/sessions.ts';
import { createThrottle } from './trust-provider/throttle.ts';
import { createTokenCheck } from './trust-provider/token-check.ts';
import { createUpstream, UPSTREAM_CALLBACK } from './trust-provider/upstream.ts';
import { createUsers, type Users } from './trust-provider/users.ts';

export type { EdgeConfig, Lifetimes } from './config.ts';
export type { DeploymentWish, ListedInvite } from './enrolment/invites.ts';

export interface Edge {
  /** `host:port`, as invites name it. */
  readonly organisation: string;
  /** This start has founded it. */
  readonly isNew: boolean;
  readonly document: OrganisationDocument;
  /** PEM, and its fingerprint as invites carry it. */
  readonly root: string;
  readonly rootFingerprint: string;
  /** Port of the Access Tier. */
  readonly accessTierPort: number;
  /** A link for one device, good once. */
  createInvite(lifetimeSeconds?: number): Promise<string>;
  /** A link for many devices, as a managed deployment file carries it. Rejects with what is wrong with the wish. */
  createDeploymentInvite(wish: DeploymentWish): Promise<{ id: string; invite: string }>;
  /** With their uses; expired ones for ninety days more. */
  invites(): Promise<ListedInvite[]>;
  /** No further device; those it has registered stay. false: there is no such invite. */
  revokeInvite(id: string): Promise<boolean>;
  devices(): Promise<DeviceRecord[]>;
  /** Certificates, sessions and running connections of the device end now. false: there is no such device. */
  revokeDevice(deviceId: string, reason: string): Promise<boolean>;
  /** Ends the sign-ins of a device; the device stays registered. Returns how many there were. */
  endSessions(deviceId: string, reason: string): Promise<number>;
  /** No more than this level from now on; null lifts the cap. The person may read the reason. */
  capTrustLevel(deviceId: string, level: TrustLevel | null, reason: string): Promise<boolean>;
  setServiceEnabled(serviceId: string, enabled: boolean): Promise<boolean>;
  /** Rejects with what is wrong. */
  apply(documents: Documents): Promise<void>;
  /** Port of health and metrics; null: there is none. */
  readonly operationsPort: number | null;
  /** Port of administration over the network; null: there is none. */
  readonly restPort: number | null;
  /**
   * Takes over what a running edge can change: posture, how long connections live and may be idle. Everybody is judged
   * by it at once. The names of what waits for a restart.
   */
  reload(config: Omit<EdgeConfig, 'log'>): string[];
  /** After `audit.jsonl` was renamed: goes on in a new one. */
  reopenAudit(): Promise<void>;
  /** Drains, then cuts. */
  stop(drainMs?: number): Promise<void>;
}

const INVITE_SECONDS = 24 * 3600;
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const REQUEST_MS = 15_000;
const DIAL_MS = 10_000;

/** Of the Access Tier: each is read when it is needed, so a change counts for what comes. */
const tierLimits = (lifetimes: Lifetimes) => ({
  handshakeMs: lifetimes.identification * 1000,
  requestMs: REQUEST_MS,
  dialMs: DIAL_MS,
  idleMs: lifetimes.idle * 1000,
  longestMs: Math.min(lifetimes.connection * 1000, LONGEST_TIMER_MS),
  judgedEveryMs: Math.min(lifetimes.judgement * 1000, LONGEST_TIMER_MS),
});

export async function createEdge(config: EdgeConfig): Promise<Edge> {
  // Whatever starts says here how it stops; the last one stops first, also when a later one cannot start.
  const stops: ((drainMs: number) => Promise<void> | void)[] = [];
  let stopping: Promise<void> | undefined;
  const stopAll = async (drainMs: number): Promise<void> => {
    for (const stop of stops.toReversed()) await stop(drainMs);
  };
  try {
    const edge = await start(config, stops);
    return { ...edge, stop: (drainMs = 1_000) => (stopping ??= stopAll(drainMs)) };
  } catch (error) {
    await stopAll(0);
    throw error;
  }
}

async function start(
  given: EdgeConfig,
  stops: ((drainMs: number) => Promise<void> | void)[],
): Promise<Omit<Edge, 'stop'>> {
  const { log, errors } = countErrors(given.log);
  // Posture and limits are changed where they are by a reload, and read each time that they are needed.
  const config = { ...given, log, posture: { ...given.posture } };
  const { host, posture } = config;
  const limits = tierLimits({ ...DEFAULT_LIFETIMES, ...config.lifetimes });
  const lifetimes = { ...DEFAULT_LIFETIMES, ...config.lifetimes };
  if (config.registersBySignIn && config.foreignIssuer) {
    throw new Error(
      'Devices are registered by signing in only with people of this edge’s own issuer.',
    );
  }
  const inData = (file: string): string => join(config.data, file);
  // First and last: nobody else touches the folder while anything of this edge does.
  const control = await openControl(config.data, log);
  stops.push(() => control.stop());
  for (const folder of [config.data, inData('authority')]) await removeLeftovers(folder);

  // Told only once there is somebody to be told.
  let storeChanged: (collection: CollectionName | null) => void = () => {};
  let storeUnheard = (): void => {};
  const store =
    config.database === undefined
      ? await openFileStore(inData('state.json'))
      : await openPostgresStore({
          url: config.database,
          onChange: (collection) => storeChanged(collection),
          onDeaf: () => storeUnheard(),
          log,
        });
  stops.push(() => store.close());
  const volatile = createMemoryStore();
  stops.push(sweepRegularly([store, volatile], log));
  const audit = openAudit(inData('audit.jsonl'), log);
  stops.push(() => audit.close());

  const { authority, secrets, isNew } = await openOwnKeys(store, config.data, config.name);
  const ssh = await openSshAuthority(inData('authority'));
  const serverCertificates = createServerCertificates(authority, lifetimes.serverCert);
  const changes = createChanges();
  const settings = await openSettings(store, changes, lifetimes);
  const certificates = createClientCertificates(authority, () => settings.deviceManagers());
  const sessions = createSessions(store);
  const devices = createDevices({ store, sessions, changes, posture });
  const invites = createInvites(store);
  await invites.dropUncounted();
  const users = createUsers(
    store,
    {
      device: createThrottle({ freeAttempts: 5, firstDelayMs: 1_000, longestDelayMs: 300_000 }),
      person: createThrottle({ freeAttempts: 50, firstDelayMs: 1_000, longestDelayMs: 10_000 }),
    },
    config.upstream?.issuer,
  );
  // Of people who sign in elsewhere only their token tells the groups, whoever has the same e-mail here.
  const people: Pick<Users, 'asOfNow'> = config.foreignIssuer
    ? { asOfNow: (person) => Promise.resolve(person) }
    : users;
  await Promise.all(config.users.map((user) => users.put(user)));
  const rulebook = await openRulebook(store, changes, log);
  await rulebook.apply(config.documents);
  const events = createEventStreams(changes);
  const trustIntermediate = authority.intermediate('trust');
  const acme =
    config.acme === undefined
      ? null
      : await openAcme({
          config: config.acme,
          store,
          rulebook,
          changes,
          audit,
          sealingKey: secrets.sealingKey,
          clientAuthority: trustIntermediate,
          isServedHere: (document) => accessTier.frontends.isServedHere(document),
          log,
        });
  const follower = createStoreFollower({ rulebook, settings, acme, changes, log });
  storeChanged = (collection) => follower.changed(collection);
  storeUnheard = () => follower.deafened();
  stops.push(() => follower.stop());

  const closers: ReturnType<typeof closerOf>[] = [];
  stops.push(async (drainMs) => {
    await Promise.all(closers.map((close) => close(drainMs)));
  });
  const startHttp = (server: Server, wish: PortWish, address: string): Promise<number> => {
    closers.push(closerOf(server));
    return listen(server, address, wish);
  };
  const publicServer = createTlsHttpServer({ host, serverCertificates });
  const mutualServer = createTlsHttpServer({
    host,
    serverCertificates,
    deviceIntermediate: authority.intermediate('device'),
  });
  const browserServer = createBrowserServer();
  const wishes = config.ports;
  const ports = {
    public: await startHttp(publicServer, wishes.public, config.address),
    mutual: await startHttp(mutualServer, wishes.mutual, config.address),
    browser: wishes.browser && (await startHttp(browserServer, wishes.browser, '127.0.0.1')),
  };
  const { outer = {} } = config;
  const publicPort = outer.publicPort ?? ports.public;
  const issuer = new URL(`https://${host}:${publicPort}`).origin;
  const exemptsUnregistered = (service: PublishedService): boolean =>
    isWeb(service) &&
    (settings.allowsUnregisteredDevices() ||
      service.document.spec.http_settings.exemptsUnregisteredDevices);
  const tokens = createTokenCheck(issuer, secrets.signingKey);
  const admit = createAdmit({
    certificates,
    store,
    sessions,
    rulebook,
    rules: follower,
    posture,
    people,
    exemptsUnregistered,
  });
  const webClients = createWebClients(rulebook, (service) => accessTier.sites.all(service));
  const pagesOrigin = ports.browser === null ? issuer : `http://127.0.0.1:${ports.browser}`;
  const upstream = config.upstream
    ? createUpstream(config.upstream, {
        redirectUri: () => `${pagesOrigin}${UPSTREAM_CALLBACK}`,
        log,
      })
    : null;
  stops.push(() => upstream?.stop());
  const relyingParty = createRelyingParty({
    issuer,
    root: authority.root,
    pagesOrigin,
    secret: (serviceId) => webClients.secret(serviceId),
  });
  stops.push(() => relyingParty.stop());
  const accessTier = await startAccessTier({
    host: config.address,
    port: wishes.accessTier,
    outer: outer.accessTier ?? {},
    hostTags: config.hostTags ?? {},
    trustIntermediate,
    serverCertificates: createServerCertificates(
      authority,
      lifetimes.serverCert,
      trustIntermediate,
    ),
    acme,
    tierCertificate: renewed(lifetimes.serverCert, () =>
      authority.issueTier(host, lifetimes.serverCert),
    ),
    rulebook,
    admit,
    events,
    audit,
    changes,
    tokens,
    relyingParty,
    plainWebPort: ports.browser,
    limits,
    log,
  });
  stops.push((drainMs) => accessTier.stop(drainMs));
  await acme?.start();
  stops.push(() => acme?.stop());
  // Open streams would keep their server from closing, so they end first.
  stops.push(() => events.stop());
  stops.push(() => control.refuse());

  const endpoints = await createEndpoints({
    config,
    people,
    lifetimes,
    ports,
    issuer,
    mutualOrigin: new URL(`https://${host}:${outer.mutualPort ?? ports.mutual}`).origin,
    settings,
    exemptsUnregistered,
    accessTier,
    admit,
    tokens,
    webClients,
    authority,
    ssh,
    certificates,
    secrets,
    store,
    volatile,
    audit,
    users,
    upstream,
    invites,
    sessions,
    devices,
    rulebook,
    events,
    changes,
  });
  publicServer.on('request', endpoints.public);
  mutualServer.on('request', endpoints.mutual);
  // By host: on a loopback organisation its web services are reached here without a certificate warning, too.
  browserServer.on('request', (request, response) => {
    if (!accessTier.web.answerPlain(request, response)) endpoints.browser(request, response);
  });
  browserServer.on('upgrade', (request, socket, head) => {
    if (!accessTier.web.upgradePlain(request, socket, head)) socket.destroy();
  });

  const { rootFingerprint } = authority;
  const linkOf = (code: string): string =>
    formatInvite({ organisation: { host, port: publicPort }, code, rootFingerprint });
  const organisation = `${host}:${publicPort}`;
  const apiKeys = createApiKeys(store);
  const administration = createAdministration({
    users,
    devices,
    sessions,
    changes,
    posture,
    audit,
    rulebook,
    invites,
    settings,
    apiKeys,
    problemsOf: (document) => accessTier.problemsOf(document),
    conflictOf: (id, document) => accessTier.frontends.conflictOf(id, document),
    certificateOf: (document) => acme?.stateOf(document),
    linkOf,
    facts: {
      name: config.name,
      organisation,
      rootFingerprint,
      accessTier: `${outer.accessTier?.host ?? ''}:${outer.accessTier?.port ?? accessTier.port}`,
      sshAuthority: ssh.publicKey,
    },
  });
  control.serve(administration);
  let restPort: number | null = null;
  if (wishes.rest) {
    const calls = administration;
    const rest = createRestServer({ host, serverCertificates, calls, keys: apiKeys, audit, log });
    // As the control socket: it stops first, since what it would change is being closed.
    stops.push(closerOf(rest));
    restPort = await listen(rest, '127.0.0.1', wishes.rest);
  }
  const metrics = createMetrics({
    audit,
    connections: () => accessTier.connections(),
    services: () => rulebook.services().length,
    certificates: () => acme?.states() ?? [],
    log: { errors },
  });
  stops.push(() => metrics.stop());
  let isStopping = false;
  stops.push(() => void (isStopping = true));
  const operations = createOperationsServer({
    metrics: () => metrics.text(),
    troubles: async () => {
      if (isStopping) return ['stopping'];
      await store.get('settings', 'health'); // rejects where the store does not answer
      const closed = accessTier.closedPorts();
      const waiting = acme?.states().filter(({ until, failed }) => until === undefined && failed);
      return [
        ...closed.map((port) => `port ${port} of a service cannot be opened`),
        ...(waiting ?? []).map(({ service }) => `${service} has no certificate yet`),
      ];
    },
    log,
  });
  const operationsPort = wishes.operations
    ? await startHttp(operations, wishes.operations, config.address)
    : null;
  return {
    operationsPort,
    restPort,
    reload(next) {
      Object.assign(posture, next.posture);
      Object.assign(limits, tierLimits({ ...DEFAULT_LIFETIMES, ...next.lifetimes }));
      changes.emit({ type: 'rules-changed' });
      return waitingForRestart(config, next);
    },
    reopenAudit: () => audit.reopen(),
    organisation,
    isNew,
    document: endpoints.document,
    root: authority.root,
    rootFingerprint,
    accessTierPort: accessTier.port,
    async createInvite(lifetimeSeconds = INVITE_SECONDS) {
      return linkOf((await invites.create(lifetimeSeconds)).code);
    },
    async createDeploymentInvite(wish) {
      const { id, code } = await invites.createDeployment(wish);
      return { id, invite: linkOf(code) };
    },
    invites: () => invites.list(),
    revokeInvite: (id) => invites.revoke(id),
    devices: () => devices.list(),
    revokeDevice: (deviceId, reason) => devices.revoke(deviceId, reason),
    endSessions: (deviceId, reason) => devices.endSessions(deviceId, reason),
    capTrustLevel: (deviceId, level, reason) => devices.capTrustLevel(deviceId, level, reason),
    setServiceEnabled: (serviceId, enabled) => rulebook.setServiceEnabled(serviceId, enabled),
    apply: (documents) => rulebook.apply(documents),
  };
}
