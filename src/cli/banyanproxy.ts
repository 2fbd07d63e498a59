// The program `banyanproxy`: one service, one local port (or stdin and stdout), in the foreground, without the app.
import { existsSync } from 'node:fs';
import { portHolder } from '../main/client/adapters/port-holder.ts';
import { type ChooseProxy, upstreamProxies } from '../main/client/adapters/upstream-proxy.ts';
import { defaultHome, layout } from '../main/client/settings/layout.ts';
import { createEngine, relayOnce, type TunnelFact, type TunnelSpec } from '../proxy/index.ts';
import { AppError, ERRORS, EXIT, explain, toWireError, type WireError } from '../shared/errors.ts';
import { formatHostPort, type HostAndPort } from '../shared/protocol/host-port.ts';
import { VERSION } from '../shared/version.ts';
import { readLoginFiles, watchLoginFiles } from './login-files.ts';
import { printable } from './print.ts';
import {
  type LogLevel,
  parseProxyArguments,
  type ProxyArguments,
  PROXY_HELP,
} from './proxy-arguments.ts';
import { standardStreams } from './standard-streams.ts';

const DRAIN_MS = 3_000;

function toSpec(
  options: ProxyArguments,
  accessTier: HostAndPort,
  chooseProxy: ChooseProxy,
): TunnelSpec {
  return {
    id: options.service.host,
    mode: options.mode,
    listen: options.listen ?? { host: '127.0.0.1', port: 0 },
    accessTier,
    serverName: options.service.host,
    ca: options.ca,
    includeDomains: options.includeDomains,
    upstreamProxy: chooseProxy(accessTier),
    localUsers: options.localUsers,
  };
}

async function main(): Promise<number> {
  const options = parseProxyArguments(process.argv.slice(2));
  if (options === 'help') return say(PROXY_HELP);
  if (options === 'version') return say(`banyanproxy ${VERSION}\n`);

  const folder = options.certificates ?? (process.env['BANYAN_CERTS'] || defaultHome());
  const credentials = await readLoginFiles(folder);
  const proxies = upstreamProxies(process.env);
  if (proxies.problem) complain(proxies.problem.toWire());
  const accessTier = options.accessTier ?? (await whereItIs(options));
  const spec = toSpec(options, accessTier, proxies.choose);
  let refused: WireError | undefined;
  const sink = (fact: TunnelFact) => {
    if (fact.type === 'connection-refused' || fact.type === 'failed') refused = fact.error;
    log(fact, options.logLevel);
  };

  if (!options.listen) {
    await relayOnce(standardStreams(), spec, credentials, sink, options.target);
    return refused ? ERRORS[refused.code].exit : EXIT.ok;
  }

  const engine = createEngine(sink);
  await engine.setCredentials(credentials);
  const address = await engine.open(spec).catch(async (error: unknown) => {
    throw await namingTheHolder(error, spec.listen);
  });
  const unwatch = watchLoginFiles(folder, (renewed) => {
    engine.setCredentials(renewed).catch((error: unknown) => complain(toWireError(error)));
  });
  say(
    `banyanproxy: ${formatHostPort(address)} -> ${formatHostPort(options.service)} (${spec.mode})\n`,
  );
  await interrupted();
  unwatch();
  await engine.stop(DRAIN_MS);
  return EXIT.ok;
}

/** As the running app knows it, else by its own name. */
async function whereItIs({ service, logLevel }: ProxyArguments): Promise<HostAndPort> {
  const home = defaultHome();
  if (!existsSync(layout(home).controlKey)) return service;
  // Only now: whoever says where it is, or has no app, need not wait for it.
  const { cataloguedTier } = await import('./catalogued-tier.ts');
  try {
    return (await cataloguedTier(home, service)) ?? service;
  } catch (error) {
    // Without the app it works all the same, where the name leads somewhere.
    if (logLevel !== 'error') complain(toWireError(error));
    return service;
  }
}

async function namingTheHolder(
  error: unknown,
  { host, port }: TunnelSpec['listen'],
): Promise<unknown> {
  if (!(error instanceof AppError) || error.code !== 'tunnel/port-in-use') return error;
  const holder = await portHolder({ host, port });
  if (!holder) return error;
  return new AppError(error.code, `Port ${port} on ${host} is already in use by ${holder}.`, {
    cause: error,
    details: { port, holder },
  });
}

const interrupted = (): Promise<void> =>
  new Promise((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });

function say(text: string): number {
  process.stdout.write(text);
  return EXIT.ok;
}

function log(fact: TunnelFact, level: LogLevel): void {
  if (fact.type === 'connection-refused' || fact.type === 'failed') complain(fact.error);
  else if (level === 'debug' || (level === 'info' && fact.type === 'connection-opened')) {
    process.stderr.write(`banyanproxy: ${printable(JSON.stringify(fact))}\n`);
  }
}

const complain = (error: WireError) =>
  process.stderr.write(`banyanproxy: ${printable(explain(error))} [${error.code}]\n`);

main().then(
  (exit) => process.exit(exit),
  (error: unknown) => {
    const wire = toWireError(error);
    complain(wire);
    if (!(error instanceof AppError) && process.argv.includes('debug')) {
      process.stderr.write(`${String(error instanceof Error ? error.stack : error)}\n`);
    }
    process.exit(ERRORS[wire.code].exit);
  },
);
