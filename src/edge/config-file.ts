// The configuration of an edge that is hosted: one JSON file, read strictly. What administrators change while it runs
// (services, people, settings) is not in here but in the store. See docs/how-to/host-an-edge.md.
import { readFile, realpath } from 'node:fs/promises';
import { isIP, isIPv4 } from 'node:net';
import path from 'node:path';
import { AppError } from '../shared/errors.ts';
import { POSTURE_FACTORS, TRUST_LEVELS } from '../shared/model/posture.ts';
import { hostName, httpsUrl, parseHostPort } from '../shared/protocol/text.ts';
import { z } from '../shared/schema.ts';
import type { EdgeConfig } from './config.ts';
import type { PortWish } from './http/listen.ts';
import { type Problem, problemLines, readJson, strict } from './json/read.ts';
import type { LogLevel } from './log.ts';
import { DEFAULT_POSTURE, SYSTEMS } from './policy/posture.ts';

const DAY = 24 * 3600;
const LONGEST_FILE = 256 * 1024;

/** `address:port`, the address a literal: a name could be any of several networks. */
const listenAddress = z.string().transform((text, context): Required<Listen> => {
  const found = parseHostPort(text.replace(/:0$/, ':65535'), 0);
  const isLiteral = found !== null && isIP(found.host) !== 0;
  if (isLiteral) return { address: found.host, port: text.endsWith(':0') ? 0 : found.port };
  context.addIssue('is not an IP address with a port, such as 0.0.0.0:8440 or [::]:8440');
  return z.NEVER;
});
type Listen = Pick<PortWish, 'address' | 'port'>;

/** An address that stands for all takes the port of each; `::` does so for both families. */
function isSamePort(one: Required<Listen>, other: Required<Listen>): boolean {
  if (one.port !== other.port || one.port === 0) return false;
  const takes = (all: string, address: string): boolean =>
    all === '::' || all === address || (all === '0.0.0.0' && isIPv4(address));
  return takes(one.address, other.address) || takes(other.address, one.address);
}

const loopbackAddress = listenAddress.refine(
  ({ address }) => address === '127.0.0.1',
  'has to be at 127.0.0.1: these pages are plain http',
);
const outerAddress = z.string().transform((text, context) => {
  const found = parseHostPort(text, 0);
  if (found && hostName.safeParse(found.host).success) return found;
  context.addIssue('is not a name with a port, such as access.example.com:443');
  return z.NEVER;
});
const seconds = (least: number, most: number) =>
  z.number().int().min(least, `has to be at least ${least}`).max(most, `may be ${most} at most`);
const port = seconds(1, 65535);
const level = z.enum(TRUST_LEVELS);
/** Of names in a record: a reason for each that is none of them. */
const known = (names: readonly string[]) => ({
  error: (issue: { code?: string; keys?: unknown }) =>
    issue.code === 'unrecognized_keys' && Array.isArray(issue.keys)
      ? issue.keys.map(() => `is not known; known are ${names.join(', ')}`).join('\n')
      : undefined,
});

const ISSUER = {
  path: ['issuer'],
  message: 'is there where "people" is "issuer", and only there',
};

const configFile = strict({
  version: z.literal(1),
  organisation: strict({
    name: z.string().trim().min(1).max(100),
    host: hostName,
  }),
  data: z.string().min(1),
  listen: strict({
    public: listenAddress,
    mutual: listenAddress,
    access_tier: listenAddress,
    pages: loopbackAddress.optional(),
    operations: listenAddress.optional(),
  }),
  outer: strict({
    public_port: port.optional(),
    mutual_port: port.optional(),
    access_tier: outerAddress.optional(),
  }).default({}),
  /** Administration over the network: not unless it is asked for, and on loopback unless it says where. */
  rest: strict({ listen: listenAddress.default({ address: '127.0.0.1', port: 8444 }) }).optional(),
  store: strict({
    database: z.string().regex(/^postgres(?:ql)?:\/\//, 'begins with postgres://'),
  }).optional(),
  host_tags: z
    .record(z.string().regex(/^[\w.-]{1,100}$/), z.string().regex(/^[^|*]{1,200}$/))
    .default({}),
  sign_in: strict({
    people: z.enum(['local', 'issuer']),
    issuer: strict({
      url: httpsUrl,
      client_id: z.string().min(1).max(200),
      /** Whose one line is the secret: this file may be shown to others. */
      client_secret_file: z.string().min(1),
      groups_claim: z.string().min(1).max(200).default('groups'),
      trust_unverified_email: z.boolean().default(false),
      root_file: z.string().min(1).optional(),
    }).optional(),
    registers_devices: z.boolean().default(false),
  })
    .refine(({ people, issuer }) => (people === 'issuer') === (issuer !== undefined), ISSUER)
    .default({ people: 'local', registers_devices: false }),
  acme: strict({
    directory: httpsUrl,
    contact: z.email(),
    terms_agreed: z.literal(true, 'has to be true: read the terms of the directory, and agree'),
    root_file: z.string().min(1).optional(),
    external_account: strict({
      key_id: z.string().min(1).max(200),
      /** Whose one line is the key: this file may be shown to others. */
      hmac_key_file: z.string().min(1),
    }).optional(),
  }).optional(),
  limits: strict({
    connection_seconds: seconds(60, 7 * DAY).default(43_200),
    idle_seconds: seconds(10, DAY).default(3_600),
    drain_seconds: seconds(0, 3_600).default(10),
    session_days: seconds(1, 90).default(30),
    device_certificate_days: seconds(1, 825).default(365),
  }).prefault({}),
  posture: strict({
    effects: z
      .partialRecord(z.enum(POSTURE_FACTORS), level.exclude(['High']), known(POSTURE_FACTORS))
      .default(DEFAULT_POSTURE.effects),
    minimum_versions: z
      .partialRecord(z.enum(SYSTEMS), z.string().max(50), known(SYSTEMS))
      .default({}),
    applications: z.array(z.string().min(1).max(100)).max(50).default([]),
    unknown: level.default(DEFAULT_POSTURE.unknown),
    stale: level.default(DEFAULT_POSTURE.stale),
    absent: level.default(DEFAULT_POSTURE.absent),
    stale_after_seconds: seconds(60, 30 * DAY).default(DEFAULT_POSTURE.staleAfterSeconds),
  }).prefault({}),
  log: z.enum(['info', 'warn', 'error']).default('info'),
}).superRefine(({ listen, rest }, context) => {
  const found: { path: string[]; at: Required<Listen> }[] = [];
  const wishes = [
    ...Object.entries(listen).map(([name, at]) => ({ path: ['listen', name], at })),
    { path: ['rest', 'listen'], at: rest?.listen },
  ];
  for (const { path: field, at } of wishes) {
    if (!at) continue;
    const other = found.find((each) => isSamePort(each.at, at));
    const message = `is the port of ${other?.path.join('.')} already; each needs one of its own`;
    if (other) context.addIssue({ code: 'custom', path: field, message });
    found.push({ path: field, at });
  }
});

export interface HostedEdge {
  edge: Omit<EdgeConfig, 'log'>;
  drainMs: number;
  logLevel: LogLevel;
}

/** Rejects with `edge/config-invalid` and every problem with its path and line. */
export async function readConfigFile(file: string): Promise<HostedEdge> {
  const read = await readAs(file, configFile);
  const folder = path.dirname(path.resolve(file));
  if (!path.isAbsolute(read.data)) await refuseLink(file, folder);
  const { edge, ...rest } = hosted(read, folder);
  const files = {
    ...(await upstreamOf(file, read, folder)),
    ...(await acmeOf(file, read, folder)),
  };
  return { edge: { ...edge, ...files }, ...rest };
}

/**
 * Where the edge of this file is met. Nothing else is looked at: a mistake that somebody is making there, or a secret beside
 * it that is gone, must not keep an administrator from banning a device.
 */
export async function dataFolderOf(file: string): Promise<string> {
  const { data } = await readAs(file, z.object({ data: configFile.shape.data }));
  const folder = path.dirname(path.resolve(file));
  if (!path.isAbsolute(data)) await refuseLink(file, folder);
  return path.resolve(folder, data);
}

async function readAs<Schema extends z.ZodType>(
  file: string,
  schema: Schema,
): Promise<z.output<Schema>> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === 'ENOENT' ? 'there is no such file' : `it answers ${cause.code}`;
    throw invalid(`${file} cannot be read: ${why}.`, undefined, cause);
  });
  if (text.length > LONGEST_FILE) throw invalid(`${file} is larger than any configuration.`);
  const read = readJson(text, schema);
  if (!read.ok) throw invalid(problemLines(file, read.problems).join('\n'), read.problems[0]);
  return read.value;
}

/** Of a file that the configuration names, beside it. */
const readBeside = (file: string, folder: string, name: string, at: string): Promise<string> =>
  readFile(path.resolve(folder, name), 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw invalid(`${file}: ${at}: ${name} cannot be read: ${cause.code}.`, undefined, cause);
  });

async function acmeOf(
  file: string,
  { acme }: z.output<typeof configFile>,
  folder: string,
): Promise<Pick<EdgeConfig, 'acme'>> {
  if (!acme) return {};
  const { directory, contact, root_file: name, external_account: account } = acme;
  const read = (wanted: string) => readBeside(file, folder, wanted, 'acme');
  return {
    acme: {
      directory,
      contact,
      ...(name !== undefined && { root: await read(name) }),
      ...(account && {
        externalAccount: {
          keyId: account.key_id,
          hmacKey: (await read(account.hmac_key_file)).trim(),
        },
      }),
    },
  };
}

async function upstreamOf(
  file: string,
  { sign_in: { issuer } }: z.output<typeof configFile>,
  folder: string,
): Promise<Pick<EdgeConfig, 'upstream'>> {
  if (!issuer) return {};
  const read = (name: string) => readBeside(file, folder, name, 'sign_in.issuer');
  return {
    upstream: {
      issuer: issuer.url,
      clientId: issuer.client_id,
      clientSecret: (await read(issuer.client_secret_file)).trim(),
      groupsClaim: issuer.groups_claim,
      trustUnverifiedEmail: issuer.trust_unverified_email,
      ...(issuer.root_file !== undefined && { root: await read(issuer.root_file) }),
    },
  };
}

/** Another way to the same file would be another data folder, and so a new root, without a word. */
async function refuseLink(file: string, folder: string): Promise<void> {
  const [real, realFolder] = await Promise.all([realpath(file), realpath(folder)]);
  if (path.dirname(real) === realFolder) return;
  const wish = `name ${real} itself, or write "data" as a whole path`;
  throw invalid(`${file}: data: is relative, and this file is a link to another folder: ${wish}.`);
}

function hosted(read: z.output<typeof configFile>, folder: string): HostedEdge {
  const { organisation, listen, outer, limits, posture } = read;
  return {
    edge: {
      data: path.resolve(folder, read.data),
      name: organisation.name,
      host: organisation.host,
      address: listen.public.address,
      ports: {
        public: listen.public,
        mutual: listen.mutual,
        accessTier: listen.access_tier,
        browser: listen.pages ?? null,
        operations: listen.operations,
        rest: read.rest?.listen,
      },
      outer: {
        publicPort: outer.public_port,
        mutualPort: outer.mutual_port,
        accessTier: outer.access_tier,
      },
      database: read.store?.database,
      hostTags: read.host_tags,
      lifetimes: {
        connection: limits.connection_seconds,
        idle: limits.idle_seconds,
        session: limits.session_days * DAY,
        deviceCert: limits.device_certificate_days * DAY,
      },
      documents: {},
      users: [],
      posture: {
        effects: posture.effects,
        // What is not named is asked for as it is without a configuration.
        minimumVersions: { ...DEFAULT_POSTURE.minimumVersions, ...posture.minimum_versions },
        applications: posture.applications,
        unknown: posture.unknown,
        stale: posture.stale,
        absent: posture.absent,
        staleAfterSeconds: posture.stale_after_seconds,
      },
      registersBySignIn: read.sign_in.registers_devices,
    },
    drainMs: limits.drain_seconds * 1000,
    logLevel: read.log,
  };
}

const invalid = (message: string, first?: Problem, cause?: unknown): AppError =>
  new AppError('edge/config-invalid', message, {
    cause,
    ...(first && { details: { path: first.path, line: first.line, column: first.column } }),
  });
