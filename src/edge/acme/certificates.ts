// Certificates of services from an ACME directory (`cert_settings.letsencrypt`): ordered one after the other, ordered again
// before they end. Of several edges on one store one orders, and any of them answers the directory's challenge. Until there
// is one, the service shows none.
import { randomUUID, X509Certificate } from 'node:crypto';
import type { SecureContext } from 'node:tls';
import { certificateNames } from '../access-tier/frontends.ts';
import type { Audit } from '../audit/audit.ts';
import type { ShownCertificate } from '../authority/server-certificates.ts';
import type { Changes } from '../changes.ts';
import { type ServiceDocument, serviceId } from '../command-center/documents.ts';
import type { Rulebook } from '../command-center/rulebook.ts';
import { reason } from '../log.ts';
import type { AcmeWish } from '../store/store.ts';
import { createTurns } from '../turns.ts';
import { createChallenges } from './challenges.ts';
import { checkIssued, createKept, isLeased, type KeptOptions, type Outcome } from './kept.ts';
import { type DirectoryOptions, openDirectory, RateLimited } from './order.ts';
import { isFor, nextOrderAt, PACE, type Pace, retryAfter } from './pace.ts';

export interface AcmeConfig extends Omit<DirectoryOptions, 'url'> {
  /** Its address. */
  directory: string;
  pace?: Partial<Pace>;
}

export interface AcmeOptions extends KeptOptions {
  config: AcmeConfig;
  rulebook: Pick<Rulebook, 'services' | 'service'>;
  changes: Pick<Changes, 'on'>;
  audit: Pick<Audit, 'write'>;
  isServedHere(document: ServiceDocument): boolean;
}

/** What there is to be told of one; times in seconds since the epoch. */
export interface CertificateState {
  names: string[];
  directory: string;
  /** Of the one that is shown; absent: there is none, and the service cannot be reached. */
  until?: number;
  failed?: { times: number; reason: string; nextOrder: number };
}

export interface AcmeCertificates {
  /** Null: there is none for its domain yet. */
  of(document: ServiceDocument): ShownCertificate | null;
  stateOf(document: ServiceDocument): CertificateState;
  /** Of the services that are served here. */
  states(): (CertificateState & { service: string })[];
  /** Why none can be had for it; null: one can. */
  problemOf(document: ServiceDocument): string | null;
  /** What is shown to who asks for proof that this name is ours. Rejects where nothing has to be proven. */
  challengeFor(name: string): Promise<SecureContext>;
  /** Another edge may have changed what is stored. */
  reread(): Promise<void>;
  /** Orders what is missing, from now on. Challenges have to be answered already. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

interface Wish extends AcmeWish {
  service: string;
  commonName: string | undefined;
}

/** All of one order; a little longer is it kept from other edges. */
const ORDER_MS = 4 * 60_000;
const LEASE_MS = 5 * 60_000;
const SLEEP_MS = { least: 1_000, most: 3_600_000, afterTrouble: 60_000 };
const LONGEST_REASON = 500;

export async function openAcme(options: AcmeOptions): Promise<AcmeCertificates> {
  const { config, store, rulebook, log } = options;
  const pace = { ...PACE, ...config.pace };
  const directory = await openDirectory({ ...config, url: config.directory });
  const kept = createKept(options);
  const challenges = createChallenges(store, rulebook, directory);
  const tell = createTold(options);
  const inTurn = createTurns();
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let isLooking = false;
  let stopListening = (): void => {};

  /** By services that are switched off, or served elsewhere, too. */
  const asked = (): ServiceDocument[] =>
    rulebook.services().flatMap(({ document }) => (byAcme(document) ? [document] : []));
  const served = (): ServiceDocument[] =>
    rulebook
      .services()
      .filter(({ enabled, document }) => enabled && byAcme(document))
      .map(({ document }) => document)
      .filter((document) => options.isServedHere(document) && problemOf(document) === null);
  const wishOf = (document: ServiceDocument): Wish => ({
    service: serviceId(document),
    names: certificateNames(document),
    directory: config.directory,
    commonName: document.spec.cert_settings.dnsNames[0],
  });
  const dueAt = (wish: Wish): number => {
    const { record: { issued, ...rest } = {}, shown } = kept.get(wish.service) ?? {};
    return nextOrderAt(shown && issued ? { issued, ...rest } : rest, wish, pace);
  };

  const outcomeOf = async (wish: Wish): Promise<Outcome | null> => {
    const presented: string[] = [];
    const { names, directory: address } = wish;
    try {
      const issued = await directory.order({
        ...wish,
        accountKey: await kept.accountKey(address, () => directory.newAccountKey()),
        signal: AbortSignal.any([stopping.signal, AbortSignal.timeout(ORDER_MS)]),
        async present(name, keyAuthorization) {
          presented.push(name);
          await challenges.present(name, keyAuthorization);
        },
      });
      checkIssued(issued, names);
      return { issued: { ...issued, names, directory: address } };
    } catch (error) {
      if (stopping.signal.aborted) return null;
      const before = kept.get(wish.service)?.record.failed;
      const times = before && isFor(before, wish) ? before.times + 1 : 1;
      const wait = retryAfter(times, pace, error instanceof RateLimited ? error.retryAfterMs : 0);
      const why = reason(error).slice(0, LONGEST_REASON);
      const until = Math.round(Date.now() + wait);
      return { failed: { names, directory: address, times, reason: why, until } };
    } finally {
      await challenges.withdraw(presented);
    }
  };
  const order = async (wish: Wish): Promise<void> => {
    if (!(await kept.claim(wish.service, LEASE_MS))) return; // another edge is at it
    const outcome = await outcomeOf(wish);
    const isShown = of(wish.service) !== null;
    await kept.settle(wish.service, outcome);
    if (outcome) tell(wish, outcome, isShown);
  };

  /** What is defined but cannot be read here may ask for one where it can: at an edge of a later version, say. */
  const mayForget = async (service: string): Promise<boolean> =>
    rulebook.service(service) !== undefined ||
    (await store.get('documents', `service/${service}`)) === undefined;

  const round = async (): Promise<void> => {
    await kept.reread();
    for (const wish of served().map(wishOf)) {
      if (stopping.signal.aborted) return;
      if (dueAt(wish) > Date.now()) continue;
      await order(wish);
      await kept.reread();
    }
    // With what no service asks for any more goes a key.
    const wanted = new Set(asked().map(serviceId));
    for (const service of kept.services()) {
      const isOrdered = isLeased(kept.get(service)?.record ?? {});
      if (!wanted.has(service) && !isOrdered && (await mayForget(service))) {
        await kept.forget(service);
      }
    }
    await challenges.withdrawOld();
    await kept.reread();
  };
  const sleep = (least: number): void => {
    clearTimeout(timer);
    if (stopping.signal.aborted) return;
    const next = Math.min(...served().map((document) => dueAt(wishOf(document)))) - Date.now();
    timer = setTimeout(look, Math.min(Math.max(next, least), SLEEP_MS.most)).unref();
  };
  const look = (): void => {
    if (isLooking || stopping.signal.aborted) return;
    isLooking = true;
    void inTurn(async () => {
      isLooking = false;
      try {
        await round();
        sleep(SLEEP_MS.least);
      } catch (error) {
        log('error', 'certificates cannot be looked after', { reason: reason(error) });
        sleep(SLEEP_MS.afterTrouble);
      }
    });
  };

  const of = (service: string): ShownCertificate | null => kept.get(service)?.shown ?? null;
  const ofDomain = (document: ServiceDocument): ShownCertificate | null => {
    const shown = of(serviceId(document));
    const { domain } = document.metadata.tags;
    return shown && new X509Certificate(shown.cert).checkHost(domain) ? shown : null;
  };
  const stateOf = (document: ServiceDocument): CertificateState => {
    const { service, names, directory: address } = wishOf(document);
    const failed = kept.get(service)?.record.failed;
    const shown = ofDomain(document);
    return {
      names,
      directory: address,
      ...(shown && { until: seconds(Date.parse(new X509Certificate(shown.cert).validTo)) }),
      ...(failed && {
        failed: { times: failed.times, reason: failed.reason, nextOrder: seconds(failed.until) },
      }),
    };
  };
  return {
    of: ofDomain,
    stateOf,
    states: () =>
      served().map((document) => ({ service: serviceId(document), ...stateOf(document) })),
    problemOf,
    challengeFor: (name) => challenges.challengeFor(name),
    reread: () => kept.reread(),
    async start() {
      await kept.reread();
      // Most changes are about something else, and looking asks the store.
      let looked = '';
      stopListening = options.changes.on(({ type }) => {
        if (type !== 'rules-changed') return;
        const now = JSON.stringify([served().map(wishOf), asked().map(serviceId)]);
        if (looked !== now) look();
        looked = now;
      });
      look();
    },
    async stop() {
      stopping.abort();
      stopListening();
      clearTimeout(timer);
      directory.stop();
      await inTurn(() => Promise.resolve());
    },
  };
}

/** Log and audit of how an order went. */
const createTold =
  ({ audit, log }: Pick<AcmeOptions, 'audit' | 'log'>) =>
  ({ service, names }: Wish, outcome: Outcome, isShown: boolean): void => {
    const entry = { correlation_id: randomUUID(), event: 'certificate', service } as const;
    if ('issued' in outcome) {
      audit.write({ ...entry, allowed: true, subject: names.join(' ') });
      return log('info', 'a certificate was issued', { service });
    }
    const { reason: why, times, until } = outcome.failed;
    audit.write({ ...entry, allowed: false, subject: `${names.join(' ')}: ${why}` });
    const kept = isShown ? 'the one before is kept' : 'the service cannot be reached';
    const next_order = new Date(until).toISOString();
    log('error', `a certificate was not issued; ${kept}`, {
      service,
      reason: why,
      times,
      next_order,
    });
  };

const byAcme = ({ spec }: ServiceDocument): boolean => spec.cert_settings.byAcme;
const seconds = (milliseconds: number): number => Math.floor(milliseconds / 1000);

function problemOf(document: ServiceDocument): string | null {
  const wild = certificateNames(document).find((name) => name.startsWith('*.'));
  if (wild === undefined) return null;
  return `a certificate for ${wild} would need a challenge in DNS (DNS-01), which this edge does not answer: name each service, or have a program such as certbot write the files, and name them in custom_tls_cert`;
}
