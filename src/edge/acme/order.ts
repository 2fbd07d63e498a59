// One order for a certificate, from account to chain (RFC 8555), by TLS-ALPN-01 (RFC 8737). Alone in knowing the library.
import { Agent } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { rootCertificates } from 'node:tls';
import type { Authorization, Client, Order } from 'acme-client';
import { z } from '../../shared/schema.ts';

export interface OrderWish {
  names: readonly string[];
  commonName: string | undefined;
  accountKey: string;
  /** Whoever connects for this name by `acme-tls/1` is shown this from now on. */
  present: (name: string, keyAuthorization: string) => Promise<void>;
  signal: AbortSignal;
}

export interface KeyAndChain {
  key: string;
  /** Leaf first. */
  cert: string;
}

export interface Directory {
  newAccountKey(): Promise<string>;
  /** Rejects with what the directory says against it; `RateLimited` where it says when to come back. */
  order(wish: OrderWish): Promise<KeyAndChain>;
  /** What proves that this name is ours to who asks for it (RFC 8737 3). */
  challengeCertificate(name: string, keyAuthorization: string): Promise<KeyAndChain>;
  /** Ends requests that are under way. */
  stop(): void;
}

export interface DirectoryOptions {
  /** Of the directory's one known resource (RFC 8555 7.1.1). */
  url: string;
  /** E-mail address that it writes to. */
  contact: string;
  /** PEM of who vouches for the directory itself, besides the public authorities. */
  root?: string | undefined;
  /** All of one request, however slowly it is answered. */
  requestMs?: number;
  /** Whose account it is at a directory that has customers (RFC 8555 7.3.4). */
  externalAccount?: { keyId: string; hmacKey: string } | undefined;
}

/** The directory wants nothing more for now. */
export class RateLimited extends Error {
  readonly retryAfterMs: number;
  constructor(detail: string, retryAfterMs: number) {
    super(detail);
    this.name = 'RateLimited';
    this.retryAfterMs = retryAfterMs;
  }
}

interface NotAnswered extends Error {
  code?: string;
  response?: { status: number; data: unknown; headers: Record<string, string | undefined> };
}

const CHALLENGE = 'tls-alpn-01';
const NOT_ORDERED = 'the directory asks for proof of what was not ordered';
const REQUEST_MS = 30_000;
const LONGEST_ANSWER = 1024 * 1024;
const FIRST_LOOK_MS = 500;
const LONGEST_LOOK_MS = 15_000;

export async function openDirectory(options: DirectoryOptions): Promise<Directory> {
  const { url, contact, root, externalAccount: customer, requestMs = REQUEST_MS } = options;
  // Not before it is needed: with all that it brings, it is larger than the edge.
  const { default: acme } = await import('acme-client');
  // Settings of the library are those of the process: an edge has one directory.
  const agent = new Agent({ keepAlive: false, ...(root && { ca: [...rootCertificates, root] }) });
  Object.assign(acme.axios.defaults, {
    httpsAgent: agent,
    maxContentLength: LONGEST_ANSWER,
    // What is signed is for one address (RFC 8555 6.4), and that one has TLS.
    maxRedirects: 0,
  });
  // Not axios' own limit, which begins anew with each byte: one that drips would hold up every other order.
  acme.axios.interceptors.request.use((request) =>
    Object.assign(request, { signal: AbortSignal.timeout(requestMs) }),
  );
  // In place of the library's own retries, which wait for as long as the directory says, for hours too, and cannot be
  // stopped. To axios every answer is an error there, so that these could see it.
  acme.axios.interceptors.response.clear();
  acme.axios.interceptors.response.use(null, (error: NotAnswered) => {
    const { response, cause, code, message } = error;
    if (!response) {
      const why = code === 'ERR_CANCELED' ? `not within ${requestMs / 1000} seconds` : message;
      throw new Error(`the directory does not answer: ${why}`, { cause });
    }
    if (response.status >= 300 && response.status < 400) {
      throw new Error('the directory leads elsewhere');
    }
    if (response.status !== 429 && response.status !== 503) return response;
    const { detail } = refusal.parse(response.data);
    const after = response.headers['retry-after'] ?? '';
    throw new RateLimited(detail ?? `it answers ${response.status}`, waitOf(after));
  });
  const newKey = async (): Promise<string> => String(await acme.crypto.createPrivateEcdsaKey());

  return {
    newAccountKey: newKey,
    async order({ names, commonName, accountKey, present, signal }) {
      const bound = customer && { kid: customer.keyId, hmacKey: customer.hmacKey };
      const client = new acme.Client({
        directoryUrl: url,
        accountKey,
        ...(bound && { externalAccountBinding: bound }),
      });
      // The same one for the same key, however often it is asked for.
      await client.createAccount({ termsOfServiceAgreed: true, contact: [`mailto:${contact}`] });
      signal.throwIfAborted();
      const identifiers = names.map((value) => ({ type: 'dns', value }));
      const order = await client.createOrder({ identifiers });
      // They are all fetched at once: as many as there are names, whatever it says.
      if (order.authorizations.length > names.length) throw new Error(NOT_ORDERED);
      for (const authorization of await client.getAuthorizations(order)) {
        if (!names.includes(authorization.identifier.value)) throw new Error(NOT_ORDERED);
        await authorise(client, order, authorization, { present, signal });
      }
      const wish = { altNames: [...names], ...(commonName !== undefined && { commonName }) };
      const [key, request] = await acme.crypto.createCsr(wish, await newKey());
      signal.throwIfAborted();
      await client.finalizeOrder(order, request);
      const done = await settled(async () => {
        const found = await client.getOrder(order);
        return [found, found.status === 'ready' || found.status === 'processing'];
      }, signal);
      if (done.status !== 'valid') throw new Error(`the order ended as ${done.status}`);
      return { key: String(key), cert: await client.getCertificate(done) };
    },
    async challengeCertificate(name, keyAuthorization) {
      const of = {
        identifier: { type: 'dns', value: name },
        status: 'pending',
        challenges: [],
        url: '',
      } satisfies Authorization;
      const [key, cert] = await acme.crypto.createAlpnCertificate(
        of,
        keyAuthorization,
        await newKey(),
      );
      return { key: String(key), cert: String(cert) };
    },
    stop: () => agent.destroy(),
  };
}

/** Proves that one name is ours, unless that is known from an order before. */
async function authorise(
  client: Client,
  order: Order,
  { status, identifier, challenges, url }: Authorization,
  { present, signal }: Pick<OrderWish, 'present' | 'signal'>,
): Promise<void> {
  signal.throwIfAborted();
  if (status === 'valid') return;
  const name = identifier.value;
  const challenge = challenges.find(isOurs);
  if (!challenge) throw new Error(`${name}: the directory offers no ${CHALLENGE} challenge`);
  await present(name, await client.getChallengeKeyAuthorization(challenge));
  await client.completeChallenge(challenge);
  const [after] = await settled(async () => {
    const asked = await client.getAuthorizations({ ...order, authorizations: [url] });
    return [asked, asked.some((each) => each.status === 'pending')];
  }, signal);
  if (after?.status === 'valid') return;
  const { error } = after?.challenges.find(isOurs) ?? {};
  throw new Error(`${name}: ${refusal.parse(error).detail ?? `it is ${String(after?.status)}`}`);
}

/** The library's types know of two kinds of challenge only. */
const isOurs = ({ type }: { type: string }): boolean => type === CHALLENGE;

/** Asks again until nothing is open any more (RFC 8555 7.5.1). */
async function settled<Found>(
  ask: () => Promise<[found: Found, isOpen: boolean]>,
  signal: AbortSignal,
): Promise<Found> {
  for (let wait = FIRST_LOOK_MS; ; wait = Math.min(wait * 2, LONGEST_LOOK_MS)) {
    await delay(wait, undefined, { signal });
    const [found, isOpen] = await ask();
    if (!isOpen) return found;
  }
}

/** A problem document (RFC 7807), as far as it can be told to people. */
const refusal = z
  .object({ detail: z.string().transform((text) => text.slice(0, 500)) })
  .partial()
  .catch({});

/** `Retry-After` in seconds or as a date (RFC 9110 10.2.3). */
export function waitOf(retryAfter: string, now: number = Date.now()): number {
  const wait = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - now;
  return Number.isFinite(wait) && wait > 0 ? wait : 0;
}
