// Servers that nobody here wrote, started for one test on a free loopback port and stopped after it.
import { randomInt } from 'node:crypto';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { Credentials } from '../../src/proxy/index.ts';
import { tempDir } from './temp-dir.ts';

/** Daemons live outside the PATH of ordinary people, and Debian keeps PostgreSQL's by version. */
const POSTGRESQL = '/usr/lib/postgresql';
const PATH = [
  process.env['PATH'],
  '/usr/sbin',
  ...(existsSync(POSTGRESQL) ? readdirSync(POSTGRESQL).map((v) => `${POSTGRESQL}/${v}/bin`) : []),
].join(':');

/** Where the program is; null: not on this machine. */
export function findProgram(name: string): string | null {
  const found = spawnSync('sh', ['-c', `command -v ${name}`], { env: { PATH }, encoding: 'utf8' });
  return found.stdout.trim() || null;
}

/** The reason for a skip when one of them is not on this machine, else null. */
export const missing = (...programs: string[]): string | null => {
  const absent = programs.filter((name) => findProgram(name) === null);
  return absent.length > 0 ? `${absent.join(', ')} is not installed here` : null;
};

/**
 * Below those that systems give to connections (32768 and up on Linux, 49152 elsewhere): between our look and the server's
 * start, a test that opens thousands of them takes any other.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}

export interface Daemon {
  folder: string;
  /** All that it has said. */
  said: () => string;
}

/** Runs a program in the foreground until the test is over; resolves when it accepts connections at the port. */
export async function startDaemon(
  program: string,
  args: readonly string[],
  {
    port,
    folder = tempDir(),
    env = {},
  }: { port: number; folder?: string; env?: NodeJS.ProcessEnv },
): Promise<Daemon> {
  const command = findProgram(program) ?? program;
  const child = spawn(command, args, { cwd: folder, env: { ...process.env, PATH, ...env } });
  let said = '';
  const listen = (text: Buffer) => (said += text.toString());
  child.stdout.on('data', listen);
  child.stderr.on('data', listen);
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  let running = true;
  void ended.then(() => (running = false));
  onTestFinished(async () => {
    child.kill('SIGTERM');
    const impatient = setTimeout(() => child.kill('SIGKILL'), 3_000);
    await ended;
    clearTimeout(impatient);
  });
  const deadline = performance.now() + 15_000;
  while (!(await accepts(port))) {
    if (!running || performance.now() > deadline) throw new Error(`${program}: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  return { folder, said: () => said };
}

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => (socket.destroy(), resolve(true)));
    socket.on('error', () => resolve(false));
  });

/** Writes files into a folder of the test; gives their paths by name. */
export function writeFiles<Name extends string>(
  folder: string,
  files: Record<Name, string>,
): Record<Name, string> {
  const paths = { ...files };
  for (const name of Object.keys(files) as Name[]) {
    paths[name] = path.join(folder, name);
    writeFileSync(paths[name], files[name], { mode: 0o600 });
  }
  return paths;
}

export interface TlsFiles {
  folder: string;
  key: string;
  certificate: string;
  /** Key and certificate in one. */
  bundle: string;
  /** What client certificates have to come from. */
  clientCa: string;
}

export function writeTlsFiles(identity: Credentials): TlsFiles {
  const folder = tempDir();
  const files = writeFiles(folder, {
    'server.key': identity.key,
    'server.pem': identity.certificate,
    'bundle.pem': `${identity.certificate}\n${identity.key}`,
    'ca.pem': identity.ca,
  });
  return {
    folder,
    key: files['server.key'],
    certificate: files['server.pem'],
    bundle: files['bundle.pem'],
    clientCa: files['ca.pem'],
  };
}

/** A forward proxy over TLS that demands a client certificate: mod_ssl and mod_proxy_connect. */
export async function startApache(
  identity: Credentials,
  { targetPort, protocol }: { targetPort: number; protocol: 'TLSv1.2' | 'TLSv1.3' },
): Promise<number> {
  const port = await freePort();
  const files = writeTlsFiles(identity);
  const modules = {
    mpm_event: 'mod_mpm_event',
    authn_core: 'mod_authn_core',
    authz_core: 'mod_authz_core',
    ssl: 'mod_ssl',
    socache_shmcb: 'mod_socache_shmcb',
    proxy: 'mod_proxy',
    proxy_connect: 'mod_proxy_connect',
  };
  const { 'apache.conf': config } = writeFiles(files.folder, {
    'apache.conf': `
ServerRoot /usr/lib/apache2
Listen 127.0.0.1:${port}
ServerName svc.test
PidFile ${files.folder}/httpd.pid
DefaultRuntimeDir ${files.folder}
ErrorLog ${files.folder}/error.log
${Object.entries(modules)
  .map(([name, file]) => `LoadModule ${name}_module modules/${file}.so`)
  .join('\n')}
User www-data
Group www-data
SSLSessionCache shmcb:${files.folder}/ssl(512000)
<VirtualHost 127.0.0.1:${port}>
  SSLEngine on
  SSLProtocol -all +${protocol}
  SSLCertificateFile ${files.certificate}
  SSLCertificateKeyFile ${files.key}
  SSLCACertificateFile ${files.clientCa}
  SSLVerifyClient require
  SSLVerifyDepth 2
  ProxyRequests On
  AllowCONNECT ${targetPort}
  <Proxy *>
    Require all granted
  </Proxy>
</VirtualHost>
`,
  });
  await startDaemon('apache2', ['-DFOREGROUND', '-f', config], { port, folder: files.folder });
  return port;
}

/** HTTP/2 and HTTP/1.1 CONNECT behind mutual TLS; tinyproxy behind it does the dialling. */
async function startTinyproxy(folder: string): Promise<number> {
  const port = await freePort();
  const { 'tinyproxy.conf': config } = writeFiles(folder, {
    'tinyproxy.conf': `Port ${port}\nListen 127.0.0.1\nTimeout 60\nMaxClients 200\n`,
  });
  await startDaemon('tinyproxy', ['-d', '-c', config], { port });
  return port;
}

export async function startNghttpx(identity: Credentials): Promise<number> {
  const files = writeTlsFiles(identity);
  const proxyPort = await startTinyproxy(files.folder);
  const port = await freePort();
  await startDaemon(
    'nghttpx',
    [
      '--conf=/dev/null',
      '--http2-proxy',
      '--workers=1',
      '--single-process',
      '--no-ocsp',
      `--frontend=127.0.0.1,${port}`,
      `--backend=127.0.0.1,${proxyPort}`,
      '--verify-client',
      `--verify-client-cacert=${files.clientCa}`,
      files.key,
      files.certificate,
    ],
    { port },
  );
  return port;
}

export async function startStunnel(identity: Credentials, backendPort: number): Promise<number> {
  const files = writeTlsFiles(identity);
  const port = await freePort();
  const { 'stunnel.conf': config } = writeFiles(files.folder, {
    'stunnel.conf': `
foreground = yes
pid =
[service]
accept = 127.0.0.1:${port}
connect = 127.0.0.1:${backendPort}
cert = ${files.certificate}
key = ${files.key}
CAfile = ${files.clientCa}
verifyChain = yes
requireCert = yes
`,
  });
  await startDaemon('stunnel4', [config], { port });
  return port;
}

/** What people put before a CONNECT proxy of one line each, so that it speaks HTTP/2. */
export async function startHaproxyForConnect(identity: Credentials): Promise<number> {
  const proxyPort = await startTinyproxy(tempDir());
  return startHaproxy(identity, proxyPort, { mode: 'http', protocols: 'alpn h2' });
}

export async function startHaproxy(
  identity: Credentials,
  backendPort: number,
  { mode, protocols } = { mode: 'tcp', protocols: '' },
): Promise<number> {
  const files = writeTlsFiles(identity);
  const port = await freePort();
  const { 'haproxy.conf': config } = writeFiles(files.folder, {
    'haproxy.conf': `
global
  maxconn 200
defaults
  mode ${mode}
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend service
  bind 127.0.0.1:${port} ssl crt ${files.bundle} ca-file ${files.clientCa} verify required ${protocols}
  default_backend backend
backend backend
  server one 127.0.0.1:${backendPort}
`,
  });
  await startDaemon('haproxy', ['-db', '-f', config], { port });
  return port;
}
