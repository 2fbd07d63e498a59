// Every HTTP request of the client: https under one pinned root, with the device's certificate where there is one,
// bounded in time and size. The only file that knows the HTTP library.
import type { Readable } from 'node:stream';
import { rootCertificates } from 'node:tls';
import { Agent, buildConnector } from 'undici';
import { dialThroughProxy, loopbackLookup } from '../../../proxy/index.ts';
import { AppError } from '../../../shared/errors.ts';
import type { ChooseProxy } from '../adapters/upstream-proxy.ts';
import type { Clock } from '../ports.ts';
import { clockSkew, isOutsideValidity, translateNetworkFailure } from './failures.ts';

const CONNECT_MS = 10_000;
const ANSWER_MS = 20_000;
const WHOLE_MS = 30_000;
const LARGEST_BODY = 8 * 1024 * 1024;
/** The edge sends a comment every 15 s: a stream that is silent for longer is a dead one. */
const STREAM_SILENCE_MS = 40_000;
/** Certificates and tokens are issued with some minutes to spare. */
const TOLERATED_SKEW_MS = 5 * 60_000;

export interface Question {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  url: string;
  headers?: Record<string, string>;
  body?: string;
  signal?: AbortSignal;
}

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

export interface Connection {
  /** Any status is an answer; rejects with AppError when there is none. */
  ask(question: Question): Promise<Answer>;
  /** The same for a body without end. */
  stream(question: Question): Promise<{ status: number; body: Readable }>;
  /** Milliseconds since the epoch, by our clock and by that of whoever answered last. Right after a jump either is wrong. */
  clocks(): readonly number[];
  /** `clock-skew` when the clock explains why something outside its validity was refused. */
  explainByClock(error: unknown): AppError | null;
  /**
   * For servers of somebody else that the organisation names, e.g. its issuer: public roots are trusted too, and this
   * device shows no certificate.
   */
  elsewhere(): Connection;
  /** The network is another one: idle sockets may be dead without knowing it. What runs may finish. */
  freshen(): void;
  /** Replaced by another one: what runs may finish, streams end. */
  retire(): Promise<void>;
  /** Now. */
  destroy(): Promise<void>;
}

export interface Trust {
  /** PEM of the root, or of several; null only for fetching that root, which is then checked against its fingerprint. */
  root: string | string[] | null;
  /** PEM key and chain of the device. */
  identity?: { key: string; certificate: string };
}

/** How this computer reaches anything. */
export interface Network {
  clock: Clock;
  chooseProxy: ChooseProxy;
}

export function createConnection({ root, identity }: Trust, network: Network): Connection {
  const { clock, chooseProxy } = network;
  const straight = buildConnector({
    lookup: loopbackLookup,
    timeout: CONNECT_MS,
    ...(root === null ? { rejectUnauthorized: false } : { ca: root }),
    ...(identity && { key: identity.key, cert: identity.certificate }),
  });
  const connect: buildConnector.connector = (options, done) => {
    const target = { host: hostOf(options.hostname), port: Number(options.port || 443) };
    const proxy = chooseProxy(target);
    if (!proxy) return straight(options, done);
    // Its own callback style: what is thrown in `done` must not come back as a failed dial.
    void dialThroughProxy(proxy, target, { deadlineMs: CONNECT_MS }).then(
      (httpSocket) => setImmediate(straight, { ...options, httpSocket }, done),
      (error: Error) => setImmediate(done, error, null),
    );
  };
  const limits = { connect, headersTimeout: ANSWER_MS, pipelining: 1 };
  const newAgents = () => ({
    questions: new Agent({ ...limits, bodyTimeout: ANSWER_MS, maxResponseSize: LARGEST_BODY }),
    streams: new Agent({ ...limits, bodyTimeout: STREAM_SILENCE_MS }),
  });
  let agents = newAgents();
  let elsewhere: Connection | null = null;
  /** Replaced, and finishing what runs. */
  const leaving = new Set<Agent>();
  let isOver = false;
  let skewMs = 0;

  async function send(dispatcher: Agent, question: Question, signal: AbortSignal | undefined) {
    const { protocol, origin, host, pathname, search } = new URL(question.url);
    if (protocol !== 'https:') {
      throw new AppError('organisation/invalid-answer', `${host} asks for an unsafe connection.`);
    }
    try {
      const answer = await dispatcher.request({
        origin,
        path: pathname + search,
        method: question.method ?? 'GET',
        headers: { 'user-agent': 'banyan-app', ...question.headers },
        ...(question.body !== undefined && { body: question.body }),
        ...(signal && { signal }),
      });
      const date = Date.parse(String(answer.headers['date'] ?? ''));
      if (!Number.isNaN(date)) skewMs = date - clock.now();
      return answer;
    } catch (error) {
      throw await translate(error, question);
    }
  }

  /** A certificate outside its validity may be ours to fix: the server's idea of time tells. */
  async function translate(error: unknown, { url }: Question): Promise<AppError> {
    const { host, origin } = new URL(url);
    if (root === null || !isOutsideValidity(error)) return translateNetworkFailure(error, host);
    const unverified = createConnection({ root: null }, network);
    try {
      await unverified.ask({ url: origin });
      return unverified.explainByClock(error) ?? translateNetworkFailure(error, host);
    } catch {
      return translateNetworkFailure(error, host); // the second question only explains the first
    } finally {
      await unverified.destroy();
    }
  }

  return {
    async ask(question) {
      const limit = AbortSignal.timeout(WHOLE_MS);
      const signal = question.signal ? AbortSignal.any([question.signal, limit]) : limit;
      const answer = await send(agents.questions, question, signal);
      try {
        const body = await answer.body.text();
        return { status: answer.statusCode, headers: flat(answer.headers), body };
      } catch (error) {
        throw await translate(error, question);
      }
    },
    async stream(question) {
      const answer = await send(agents.streams, question, question.signal);
      // Told to whoever reads; a body that nobody reads any more must not end the process when it is destroyed.
      answer.body.on('error', () => {});
      return { status: answer.statusCode, body: answer.body };
    },
    clocks: () => [clock.now(), clock.now() + skewMs],
    explainByClock: (error) =>
      Math.abs(skewMs) > TOLERATED_SKEW_MS ? clockSkew(skewMs, error) : null,
    elsewhere() {
      if (root === null) throw new Error('whom to trust is not known yet');
      elsewhere ??= createConnection({ root: [...rootCertificates, root].flat() }, network);
      return elsewhere;
    },
    freshen() {
      if (isOver) return;
      elsewhere?.freshen();
      const before = Object.values(agents);
      agents = newAgents();
      for (const agent of before) {
        leaving.add(agent);
        void agent.close().finally(() => leaving.delete(agent));
      }
    },
    async retire() {
      isOver = true;
      await Promise.all([agents.questions.close(), agents.streams.destroy(), elsewhere?.retire()]);
    },
    async destroy() {
      isOver = true;
      const all = [agents.questions, agents.streams, ...leaving];
      await Promise.all([...all.map((agent) => agent.destroy()), elsewhere?.destroy()]);
    },
  };
}

const hostOf = (name: string): string => name.replace(/^\[|\]$/g, '');

function flat(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => [name, String(value ?? '')]);
  return Object.fromEntries(entries) as Record<string, string>;
}
