// Command line of banyanproxy: `banyanproxy [-l [address:]port] host port`, exactly as in the seeds, plus a few options.
import { parseArgs } from 'node:util';
import { AppError } from '../shared/errors.ts';
import { readListenAddress, USUAL_HOST } from '../shared/model/listen-address.ts';
import { type HostAndPort, parseHostPort } from '../shared/protocol/host-port.ts';

export const PROXY_HELP = `Usage: banyanproxy [options] [-l [address:]port] host port

Carries connections to a service over mutual TLS, with the certificate of the signed-in person.

  -l, --listen [address:]port  listen here (127.0.0.1 unless an address is given);
                               without -l: relay standard input and output, as an SSH ProxyCommand
      --mode MODE              TCP (default), or CHAIN: the port is an HTTP proxy for a collection
      --target HOST:PORT       CHAIN without -l: standard input and output are the connection to this host of the
                               collection, as in ProxyCommand banyanproxy --mode CHAIN --target %h:%p host port
      --include-domains LIST   CHAIN only: tunnel these (comma separated; x, *.x, .x), dial the rest directly
      --connect-to HOST:PORT   dial this Access Tier; the name asked for stays "host"
                               (default: what the running app knows of "host port", else "host port" by DNS)
      --certs DIR              folder with login-cacert.pem, login-key.pem, login-cert.pem
                               (default: $BANYAN_CERTS, else the folder of the Banyan app)
      --system-ca              the server's certificate comes from a public authority
      --unsafe-any-local-user
                               every user of this computer may use the port, with your rights
      --log-level LEVEL        error (default), info or debug; written to standard error
      --version, --help

The proxy of your network is taken from HTTPS_PROXY or ALL_PROXY, and NO_PROXY; only http://host:port works.

Exit status: 0 ok, 1 failed, 2 usage, 3 sign-in needed, 4 denied, 5 port in use.
`;

const LOG_LEVELS = ['error', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface ProxyArguments {
  /** null: stdin and stdout. */
  listen: HostAndPort | null;
  service: HostAndPort;
  /** null: wherever the service is. */
  accessTier: HostAndPort | null;
  mode: 'TCP' | 'CHAIN';
  /** Of a collection; null: standard input speaks for itself. */
  target: HostAndPort | null;
  includeDomains: string[];
  ca: 'organisation' | 'system';
  localUsers: 'own' | 'anyone';
  certificates: string | undefined;
  logLevel: LogLevel;
}

const MODES = new Map<string, 'TCP' | 'CHAIN'>([
  ['TCP', 'TCP'],
  ['CHAIN', 'CHAIN'],
  ['HTTP_CONNECT', 'CHAIN'],
  ['HTTP_CONNECT_DAISY_CHAIN', 'CHAIN'],
]);

/** Throws `usage/invalid-input` with what is wrong. */
export function parseProxyArguments(argv: readonly string[]): ProxyArguments | 'help' | 'version' {
  const { values, positionals } = parse(argv);
  if (values.help) return 'help';
  if (values.version) return 'version';

  const [host, port, ...others] = positionals;
  if (host === undefined || port === undefined || others.length > 0) {
    throw usage('Give exactly a host and a port, e.g. banyanproxy -l 8081 db.example.com 8443.');
  }
  const service = parseHostPort(host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`, 0);
  if (!service) throw usage(`"${host} ${port}" is not a host and a port.`);

  if (values.mode === 'RDPGATEWAY') {
    throw new AppError(
      'tunnel/mode-unsupported',
      'Banyan does not speak RDP gateway mode. Remote desktop works in TCP mode, which your administrator can set.',
    );
  }
  const mode = MODES.get(values.mode ?? 'TCP');
  if (!mode) throw usage(`There is no mode "${values.mode}": use TCP or CHAIN.`);
  const includeDomains = (values['include-domains'] ?? '').split(',').filter(Boolean);
  if (includeDomains.length > 0 && mode === 'TCP') {
    throw usage('--include-domains belongs to --mode CHAIN.');
  }
  // As the seeds say: launched in this mode with domains to proxy, it does not start.
  if (includeDomains.length > 0 && values.mode === 'HTTP_CONNECT_DAISY_CHAIN') {
    throw new AppError(
      'tunnel/domains-not-allowed',
      'HTTP_CONNECT_DAISY_CHAIN mode takes no domains to proxy; CHAIN does.',
    );
  }
  const connectTo = values['connect-to'];
  const accessTier = connectTo === undefined ? null : parseHostPort(connectTo, service.port);
  if (connectTo !== undefined && !accessTier) throw usage(`"${connectTo}" is not HOST:PORT.`);
  const logLevel = LOG_LEVELS.find((level) => level === (values['log-level'] ?? 'error'));
  if (!logLevel) throw usage(`There is no log level "${values['log-level']}".`);

  return {
    listen: values.listen === undefined ? null : parseListen(values.listen),
    service,
    accessTier,
    mode,
    target: parseTarget(values.target, mode, values.listen),
    includeDomains,
    ca: values['system-ca'] ? 'system' : 'organisation',
    localUsers: values['unsafe-any-local-user'] ? 'anyone' : 'own',
    certificates: values.certs,
    logLevel,
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        listen: { type: 'string', short: 'l' },
        mode: { type: 'string' },
        target: { type: 'string' },
        'include-domains': { type: 'string' },
        'connect-to': { type: 'string' },
        certs: { type: 'string' },
        'system-ca': { type: 'boolean' },
        'unsafe-any-local-user': { type: 'boolean' },
        'log-level': { type: 'string' },
        help: { type: 'boolean' },
        version: { type: 'boolean' },
      },
    });
  } catch (cause) {
    throw usage(cause instanceof Error ? `${cause.message.split('. ')[0]}.` : '', cause);
  }
}

function parseTarget(
  text: string | undefined,
  mode: ProxyArguments['mode'],
  listen: string | undefined,
): HostAndPort | null {
  if (text === undefined) return null;
  if (mode === 'TCP' || listen !== undefined) {
    throw usage('--target belongs to --mode CHAIN without --listen.');
  }
  const target = parseHostPort(text, 0);
  if (!target) throw usage(`"${text}" is not HOST:PORT.`);
  return target;
}

/** `port`, `address:port` or `[v6]:port`; port 0 lets the system choose. */
function parseListen(text: string): HostAndPort {
  const match = /^(?:(\[?[^\]]*\]?):)?(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  const address = readListenAddress(match?.[1] ?? USUAL_HOST);
  if (!match || port > 65535 || 'problem' in address) {
    throw usage(
      `"${text}" is not [address:]port with 127.0.0.1, another address of 127.0.0.0/8, or [::1].`,
    );
  }
  return { host: address.host, port };
}

const usage = (message: string, cause?: unknown): AppError =>
  new AppError('usage/invalid-input', message, { cause });
