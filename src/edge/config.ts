// What an edge is made from. Lifetimes are plain seconds, so that tests can live through them.
import { isDeepStrictEqual } from 'node:util';
import type { HostAndPort } from '../shared/protocol/host-port.ts';
import type { AcmeConfig } from './acme/certificates.ts';
import type { Documents } from './command-center/rulebook.ts';
import type { PortWish } from './http/listen.ts';
import type { Log } from './log.ts';
import type { PostureRules } from './policy/posture.ts';
import type { ForeignIssuer } from './trust-provider/foreign-tokens.ts';
import type { UpstreamIssuer } from './trust-provider/upstream.ts';
import type { NewUser } from './trust-provider/users.ts';

export interface Lifetimes {
  /** Seconds each. */
  deviceCert: number;
  serverCert: number;
  /** Also of the TrustCert. */
  trustToken: number;
  /** Of the refresh token: how long a sign-in can be renewed without asking again. */
  session: number;
  signInPage: number;
  /** How long a device waits before it asks again whether a code was approved. */
  pollEvery: number;
  /** Longest life of one connection through the Access Tier. */
  connection: number;
  /** How old the last judgement of a running connection may become. */
  judgement: number;
  /** How long nothing may pass on a connection through the Access Tier. */
  idle: number;
  /** How long somebody may take to say who they are there. */
  identification: number;
}

const DAY = 24 * 3600;
export const DEFAULT_LIFETIMES: Lifetimes = {
  deviceCert: 365 * DAY,
  serverCert: 90 * DAY,
  trustToken: DAY,
  session: 30 * DAY,
  signInPage: 600,
  pollEvery: 5,
  connection: 43_200,
  judgement: 30,
  idle: 3_600,
  identification: 20,
};

export interface OuterAddresses {
  publicPort?: number | undefined;
  mutualPort?: number | undefined;
  /** Also spares services a DNS name of their own: without it each is dialled by its domain. */
  accessTier?: HostAndPort | undefined;
}

export interface EdgeConfig {
  /** Folder of everything that is kept; made when absent, 0700. */
  data: string;
  /** Shown to people, and `orgname` in tokens. */
  name: string;
  /** DNS name of the organisation; `*.localhost` is loopback. */
  host: string;
  /** Address to listen at. */
  address: string;
  ports: {
    /** Browsers, discovery, EST without a client certificate. */
    public: PortWish;
    /** Everything that needs the DeviceCert. */
    mutual: PortWish;
    /** Plain http for the sign-in pages; only for a loopback organisation. null: pages are at `public`. */
    browser: PortWish | null;
    accessTier: PortWish;
    /** Health and metrics, plain http to whoever can reach it; absent: there is none. */
    operations?: PortWish | undefined;
    /** Administration over the network, for whoever has a key; absent: there is none. */
    rest?: PortWish | undefined;
  };
  /** How all this is reached from elsewhere, where that is not as it listens: behind a router, say. */
  outer?: OuterAddresses;
  /** Of its Access Tier: services select by them (`host_tag_selector`). */
  hostTags?: Readonly<Record<string, string>>;
  lifetimes: Partial<Lifetimes>;
  /** Added to, or replacing, what is stored already. */
  documents: Documents;
  users: readonly NewUser[];
  /** What is asked of devices, and what a device that fails is worth. */
  posture: PostureRules;
  /** Devices may be registered by signing in too, not only by invite. Only with people of this edge's own. Default: no. */
  registersBySignIn?: boolean;
  /** People sign in there, and only its tokens are accepted; devices are registered here all the same. */
  foreignIssuer?: ForeignIssuer;
  /** Address of a PostgreSQL database that several edges of this organisation share; absent: a file in `data`. */
  database?: string | undefined;
  /** Where services get certificates by `letsencrypt`; absent: they are refused. */
  acme?: AcmeConfig | undefined;
  /** People sign in there, with our own issuer in front of it; devices, tokens and policy are ours. */
  upstream?: UpstreamIssuer;
  /** Filled into the sign-in form, for everybody to see: demo organisations only. */
  prefill?: { email: string; password: string };
  log: Log;
}

/** What is made of these is made once. */
const FIXED = [
  'data',
  'name',
  'host',
  'ports',
  'outer',
  'hostTags',
  'upstream',
  'acme',
  'database',
  'registersBySignIn',
] as const satisfies (keyof EdgeConfig)[];

/** The names of what a running edge does not take over. */
export const waitingForRestart = (now: EdgeConfig, next: Omit<EdgeConfig, 'log'>): string[] => [
  ...FIXED.filter((name) => !isDeepStrictEqual(now[name], next[name])),
  ...(['session', 'deviceCert'] as const).filter(
    (name) => now.lifetimes[name] !== next.lifetimes[name],
  ),
];
