// Front door of the edge: the whole server side of one organisation in one process, composed by hand.
import { mkdir } from 'node:fs/promises';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { formatInvite } from '../shared/protocol/invite.ts';
import {
  ORGANISATION_DOCUMENT_PATH,
  type OrganisationDocument,
} from '../shared/protocol/organisation.ts';
import { createAdmit } from './access-tier/admit.ts';
import { startAccessTier } from './access-tier/access-tier.ts';
import { openAudit } from './audit/audit.ts';
import { openAuthority } from './authority/authority.ts';
import { createClientCertificates } from './authority/client-certificates.ts';
import { createServerCertificates } from './authority/server-certificates.ts';
import { createChanges } from './changes.ts';
import { API, createApi } from './command-center/api.ts';
import { createEventStreams } from './command-center/event-streams.ts';
import { type Documents, openRulebook } from './command-center/rulebook.ts';
import { DEFAULT_LIFETIMES, type EdgeConfig } from './config.ts';
import { createEnrolment, EST } from './enrolment/est.ts';
import { createInvites } from './enrolment/invites.ts';
import { sendJson } from './http/exchange.ts';
import { closeHttp, listen } from './http/listen.ts';
import { createRouter, type Routes } from './http/router.ts';
import type { TrustLevel } from './policy/decide.ts';
import { createBrowserServer, createTlsHttpServer } from './servers.ts';
import { openFileStore } from './store/file-store.ts';
import { createMemoryStore } from './store/memory-store.ts';
import type { DeviceRecord } from './store/store.ts';
import { createIdentify } from './trust-provider/identify.ts';
import { createInteraction, INTERACTION } from './trust-provider/interaction.ts';
import { createIssuer, ENDPOINTS } from './trust-provider/provider.ts';
import { openIssuerSecrets } from './trust-provider/secrets.ts';
import { createSessions } from './trust-provider/sessions.ts';
import { createThrottle } from './trust-provider/throttle.ts';
import { createUsers } from './trust-provider/users.ts';

export type { EdgeConfig, Lifetimes } from './config.ts';

export interface Edge {
  /** `host:port`, as invites name it. */
  readonly organisation: string;
  readonly document: OrganisationDocument;
  /** PEM, and its fingerprint as invites carry it. */
  readonly root: string;
  readonly rootFingerprint: string;
  /** Port of the Access Tier. */
  readonly accessTierPort: number;
  /** A link for one device, good once. */
  createInvite(lifetimeSeconds?: number): Promise<string>;
  devices(): Promise<DeviceRecord[]>;
  /** Certificates, sessions and running connections of the device end now. false: there is no such device. */
  revokeDevice(deviceId: string, reason: string): Promise<boolean>;
  /** Ends the sign-ins of a device; the device stays registered. Returns how many there were. */
  endSessions(deviceId: string, reason: string): Promise<number>;
  setTrustLevel(deviceId: string, level: TrustLevel): Promise<boolean>;
  setServiceEnabled(serviceId: string, enabled: boolean): Promise<boolean>;
  /** Rejects with what is wrong. */
  apply(documents: Documents): Promise<void>;
  /** Drains, then cuts. */
  stop(drainMs?: number): Promise<void>;
}

const INVITE_SECONDS = 24 * 3600;
const DISCOVERY = '/.well-known/openid-configuration';

export async function createEdge(config: EdgeConfig): Promise<Edge> {
  const { host, name, log, levelWithoutPosture } = config;
  const lifetimes = { ...DEFAULT_LIFETIMES, ...config.lifetimes };
  const inData = (file: string): string => join(config.data, file);
  await mkdir(config.data, { recursive: true, mode: 0o700 });

  const store = await openFileStore(inData('state.json'));
  const authority = await openAuthority(inData('authority'), name);
  const secrets = await openIssuerSecrets(inData('issuer.json'));
  const audit = openAudit(inData('audit.jsonl'), log);
  const changes = createChanges();
  const certificates = createClientCertificates(authority);
  const serverCertificates = createServerCertificates(authority, lifetimes.serverCert);
  const sessions = createSessions(store);
  const throttle = { firstDelayMs: 1_000, longestDelayMs: 300_000 };
  const users = createUsers(store, createThrottle({ ...throttle, freeAttempts: 5 }));
  const invites = createInvites(store);
  const rulebook = await openRulebook(store, changes);
  const events = createEventStreams(changes);
  await Promise.all(config.users.map((user) => users.put(user)));
  await rulebook.apply(config.documents);

  const open = createTlsHttpServer({ host, serverCertificates });
  const mutual = createTlsHttpServer({
    host,
    serverCertificates,
    deviceIntermediate: authority.intermediate('device'),
  });
  const browser = config.ports.browser && createBrowserServer();
  const started: Server[] = [];
  const start = async (server: Server, wish: EdgeConfig['ports']['public'], address: string) => {
    const port = await listen(server, address, wish);
    started.push(server);
    return port;
  };

  try {
    const openPort = await start(open, config.ports.public, config.address);
    const mutualPort = await start(mutual, config.ports.mutual, config.address);
    const browserPort =
      browser && config.ports.browser && (await start(browser, config.ports.browser, '127.0.0.1'));
    const accessTier = await startAccessTier({
      host: config.address,
      port: config.ports.accessTier,
      trustIntermediate: authority.intermediate('trust'),
      serverCertificates,
      rulebook,
      admit: createAdmit({ certificates, store, sessions, rulebook, levelWithoutPosture }),
      events,
      audit,
      changes,
      limits: {
        handshakeMs: 10_000,
        requestMs: 15_000,
        dialMs: 10_000,
        idleMs: 3_600_000,
        longestMs: Math.min(lifetimes.connection * 1000, 2 ** 31 - 1),
      },
      log,
    });

    const issuer = `https://${host}:${openPort}`;
    const mutualOrigin = `https://${host}:${mutualPort}`;
    const document: OrganisationDocument = {
      version: 1,
      name,
      issuer,
      est: {
        device: `${issuer}${EST}/device`,
        device_renewal: `${mutualOrigin}${EST}/device`,
        trustcert: `${mutualOrigin}${EST}/trustcert`,
      },
      command_center: `${mutualOrigin}${API}`,
      minimum_app_version: '0.1.0',
      ...(browserPort && { browser_origin: `http://127.0.0.1:${browserPort}` }),
    };

    const identify = createIdentify({
      issuer,
      signingKey: secrets.signingKey,
      certificates,
      store,
      sessions,
    });
    const provider = createIssuer({
      issuer,
      mutualOrigin,
      organisation: name,
      secrets,
      store,
      volatile: createMemoryStore(),
      users,
      certificates,
      lifetimes,
      onSessionGone: (sessionId, deviceId) =>
        changes.emit({ type: 'session-ended', sessionId, deviceId }),
      log,
    });
    const interaction = createInteraction({
      provider,
      organisation: name,
      users,
      store,
      prefill: config.prefill,
    });
    const guesses = createThrottle({ ...throttle, freeAttempts: 20, longestDelayMs: 5_000 });
    const enrolment = createEnrolment({
      authority,
      store,
      invites,
      identify,
      deviceCertSeconds: lifetimes.deviceCert,
      throttle: guesses,
    });

    const endSessions = async (deviceId: string, reason?: string): Promise<number> => {
      const ids = await sessions.ofDevice(deviceId);
      for (const sessionId of ids) {
        await sessions.end(sessionId);
        changes.emit({ type: 'session-ended', sessionId, deviceId, ...(reason && { reason }) });
      }
      return ids.length;
    };
    const api = createApi({
      identify,
      rulebook,
      events,
      levelWithoutPosture,
      accessTierPort: () => accessTier.port,
      async unregister(deviceId) {
        await endSessions(deviceId);
        await store.delete('devices', deviceId);
        changes.emit({ type: 'device-unregistered', deviceId });
      },
    });

    const issuerAnswers = provider.callback();
    const pages: Routes = {
      [`GET ${ENDPOINTS.authorization}`]: issuerAnswers,
      [`GET ${ENDPOINTS.authorization}/*`]: issuerAnswers,
      [`GET ${INTERACTION}/*`]: interaction.show,
      [`POST ${INTERACTION}/*`]: interaction.answer,
    };
    // On the open port these answer too, and say that a certificate is missing.
    const backChannel: Routes = {
      [`POST ${ENDPOINTS.pushed_authorization_request}`]: issuerAnswers,
      [`POST ${ENDPOINTS.token}`]: issuerAnswers,
      [`POST ${ENDPOINTS.revocation}`]: issuerAnswers,
    };
    const serve = (server: Server, origin: string, routes: Routes): void => {
      const hosts = new Set([new URL(origin).host]);
      server.on('request', createRouter({ hosts, routes, log }));
    };
    serve(open, issuer, {
      [`GET ${ORGANISATION_DOCUMENT_PATH}`]: (_, response) => sendJson(response, 200, document),
      [`GET ${DISCOVERY}`]: issuerAnswers,
      [`GET ${ENDPOINTS.jwks}`]: issuerAnswers,
      ...enrolment.open,
      ...pages,
      ...backChannel,
    });
    serve(mutual, mutualOrigin, { ...enrolment.mutual, ...backChannel, ...api });
    if (browser && document.browser_origin) serve(browser, document.browser_origin, pages);

    let stopping: Promise<void> | undefined;
    const stop = async (drainMs: number): Promise<void> => {
      events.stop();
      await Promise.all([
        accessTier.stop(drainMs),
        ...started.map((server) => closeHttp(server, drainMs)),
      ]);
      await audit.close();
      await store.close();
    };

    return {
      organisation: `${host}:${openPort}`,
      document,
      root: authority.root,
      rootFingerprint: authority.rootFingerprint,
      accessTierPort: accessTier.port,
      async createInvite(lifetimeSeconds = INVITE_SECONDS) {
        const code = await invites.create(lifetimeSeconds);
        const { rootFingerprint } = authority;
        return formatInvite({ organisation: { host, port: openPort }, code, rootFingerprint });
      },
      devices: async () => (await store.list('devices')).map(([, device]) => device),
      async revokeDevice(deviceId, reason) {
        const revoked = await store.change(
          'devices',
          deviceId,
          (device) => device && { ...device, revoked: reason },
        );
        if (!revoked) return false;
        changes.emit({ type: 'device-revoked', deviceId, reason });
        await endSessions(deviceId);
        return true;
      },
      endSessions,
      async setTrustLevel(deviceId, trustLevel) {
        const changed = await store.change(
          'devices',
          deviceId,
          (device) => device && { ...device, trustLevel },
        );
        if (changed) changes.emit({ type: 'rules-changed' });
        return changed;
      },
      setServiceEnabled: rulebook.setServiceEnabled,
      apply: rulebook.apply,
      stop: (drainMs = 1_000) => (stopping ??= stop(drainMs)),
    };
  } catch (error) {
    // A port that cannot be had must not leave the others listening.
    await Promise.all(started.map((server) => closeHttp(server, 0)));
    events.stop();
    await audit.close();
    await store.close();
    throw error;
  }
}
