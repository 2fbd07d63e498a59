// Programs that people use, through the engine and the edge to real servers: what arrives is what was sent.
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { userInfo } from 'node:os';
import path from 'node:path';
import {
  afterAll,
  beforeAll,
  describe,
  expect,
  it,
  onTestFinished,
  type TestContext,
} from 'vitest';
import { createEngine, type Credentials, type Engine } from '../../src/proxy/index.ts';
import { COLLECTION, HOST, publishCollection, publishService } from '../support/collection.ts';
import {
  findProgram,
  freePort,
  missing,
  startDaemon,
  writeFiles,
} from '../support/foreign-servers.ts';
import { createTestPki, type TestPki } from '../support/pki.ts';
import { programPath } from '../support/programs.ts';
import { registerDevice, signIn, type SignedIn } from '../support/scripted-device.ts';
import { startEdge, type TestEdge } from '../support/start-edge.ts';
import { startPostgres } from '../support/postgres.ts';
import { SSH_PROGRAMS, startSshServer } from '../support/ssh-server.ts';
import { tempDir } from '../support/temp-dir.ts';

let edge: TestEdge;
let dana: SignedIn;
let engine: Engine;
let credentials: Credentials;
let pki: TestPki;
/** Of the local port that is a proxy for the collection. */
let proxyPort: number;

beforeAll(async () => {
  edge = await startEdge();
  dana = await signIn(edge, await registerDevice(edge));
  pki = await createTestPki();
  credentials = { key: dana.trust.key, certificate: dana.trust.cert, ca: edge.edge.root };
  engine = createEngine(() => {});
  await engine.setCredentials(credentials);
  await publishCollection(edge, [1]);
  proxyPort = await openTunnel('CHAIN', COLLECTION.domain);
});
afterAll(async () => {
  await engine.stop();
  await edge.stop();
});

async function openTunnel(mode: 'TCP' | 'CHAIN', domain: string): Promise<number> {
  const { port } = await engine.open({
    id: domain,
    mode,
    listen: { host: '127.0.0.1', port: 0 },
    accessTier: { host: '127.0.0.1', port: edge.edge.accessTierPort },
    serverName: domain,
    ca: 'organisation',
    includeDomains: [],
    upstreamProxy: null,
    localUsers: 'own',
  });
  return port;
}

/** The local port of a service in TCP mode in front of the given one. */
async function openService(name: string, port: number): Promise<number> {
  return openTunnel('TCP', await publishService(edge, name, port));
}

const need = (context: TestContext, ...programs: string[]) => {
  const reason = missing(...programs);
  if (reason) context.skip(reason);
};

/** Runs a program to its end; anything but success fails the test with what it said. */
function run(
  program: string,
  args: readonly string[],
  { folder = tempDir(), input, env }: { folder?: string; input?: Buffer; env?: object } = {},
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      findProgram(program) ?? program,
      args,
      {
        cwd: folder,
        // Neither a proxy nor settings of the machine.
        env: { PATH: process.env['PATH'], HOME: folder, LANG: 'C.UTF-8', ...env },
        encoding: 'buffer',
        maxBuffer: 64 * 1024 * 1024,
        timeout: 25_000,
      },
      (error, stdout, stderr) => {
        if (error) reject(new Error(`${error.message}\n${String(stderr)}`));
        else resolve(stdout);
      },
    );
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const MIB = 1024 * 1024;

/** Files of a folder as `any.wide.internal`; PUT answers with the checksum of what it got. */
async function serveFolder(
  folder: string,
  scheme: 'http' | 'https' = 'https',
): Promise<{ origin: string; caFile: string }> {
  const { key, certificate } = await pki.issue({ commonName: HOST });
  const answer: RequestListener = (request, response) => {
    if (request.method === 'PUT') {
      const hash = createHash('sha256');
      request.on('data', (chunk: Buffer) => hash.update(chunk));
      request.on('end', () => response.end(hash.digest('hex')));
      return;
    }
    const file = path.join(folder, new URL(request.url ?? '/', 'https://x').pathname);
    if (existsSync(file)) response.end(readFileSync(file));
    else response.writeHead(404).end();
  };
  const server =
    scheme === 'https'
      ? createHttpsServer({ key, cert: certificate }, answer)
      : createHttpServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  await publishCollection(edge, [port]);
  const { 'web-ca.pem': caFile } = writeFiles(folder, { 'web-ca.pem': pki.root });
  return { origin: `${scheme}://${HOST}:${port}`, caFile };
}

describe('curl', () => {
  it('downloads and uploads through the HTTP proxy', async (context) => {
    need(context, 'curl');
    const folder = tempDir();
    const file = randomBytes(5 * MIB);
    writeFileSync(path.join(folder, 'file'), file);
    const { origin, caFile } = await serveFolder(folder);
    const curl = ['--silent', '--show-error', '--fail', '--cacert', caFile];
    const proxy = ['--proxy', `http://127.0.0.1:${proxyPort}`];
    expect(sha256(await run('curl', [...curl, ...proxy, `${origin}/file`]))).toBe(sha256(file));
    const answer = await run(
      'curl',
      [...curl, ...proxy, '--upload-file', '-', '--expect100-timeout', '0.1', `${origin}/up`],
      { input: file },
    );
    expect(String(answer)).toBe(sha256(file));
  });

  it('is told what the collection does not reach', async (context) => {
    need(context, 'curl');
    const { caFile } = await serveFolder(tempDir());
    const proxy = ['--proxy', `http://127.0.0.1:${proxyPort}`, '--cacert', caFile];
    const answer = run('curl', ['--silent', '--show-error', ...proxy, `https://${HOST}:1/`]);
    await expect(answer).rejects.toThrow(/403/);
  });

  it.for(['http', 'https'] as const)(
    'downloads and uploads %s by SOCKS, with names that only the far side knows',
    async (scheme, context) => {
      need(context, 'curl');
      const folder = tempDir();
      const file = randomBytes(5 * MIB);
      writeFileSync(path.join(folder, 'file'), file);
      const { origin, caFile } = await serveFolder(folder, scheme);
      const socks = ['--socks5-hostname', `127.0.0.1:${proxyPort}`];
      const curl = ['--silent', '--show-error', '--fail', '--cacert', caFile, ...socks];
      expect(sha256(await run('curl', [...curl, `${origin}/file`]))).toBe(sha256(file));
      const answer = await run('curl', [...curl, '--upload-file', '-', `${origin}/up`], {
        input: file,
      });
      expect(String(answer)).toBe(sha256(file));
    },
  );

  it('is told by SOCKS what the collection does not reach', async (context) => {
    need(context, 'curl');
    await serveFolder(tempDir());
    const socks = ['--socks5-hostname', `127.0.0.1:${proxyPort}`];
    const answer = run('curl', ['--silent', '--show-error', ...socks, `http://${HOST}:1/`]);
    // 2: not allowed by the rules (RFC 1928 6).
    await expect(answer).rejects.toThrow(/SOCKS5.*\(2\)/);
  });

  it('downloads and uploads plain http where only http_proxy is set', async (context) => {
    need(context, 'curl');
    const folder = tempDir();
    const file = randomBytes(5 * MIB);
    writeFileSync(path.join(folder, 'file'), file);
    const { origin } = await serveFolder(folder, 'http');
    const env = { http_proxy: `http://127.0.0.1:${proxyPort}` };
    const curl = ['--silent', '--show-error', '--fail'];
    // Several on one connection: each has its own request line to be rewritten.
    const three = [`${origin}/file`, `${origin}/file`, `${origin}/file`];
    const files = await run('curl', [...curl, ...three], { env });
    expect(sha256(files)).toBe(sha256(Buffer.concat([file, file, file])));
    const answer = await run('curl', [...curl, '--upload-file', '-', `${origin}/up`], {
      env,
      input: file,
    });
    expect(String(answer)).toBe(sha256(file));
    await expect(run('curl', [...curl, `http://${HOST}:1/`], { env })).rejects.toThrow(/403/);
  });
});

describe('ssh', () => {
  interface Ssh {
    /** Options that know `by-port` and `by-command`. */
    config: string;
    folder: string;
  }

  /** A server of its own key that lets this user in, and both ways to it. */
  async function startSsh(context: TestContext): Promise<Ssh> {
    need(context, ...SSH_PROGRAMS);
    const { folder, port, hostKey, userKey } = await startSshServer();
    const inFolder = (name: string) => path.join(folder, name);

    const certificates = tempDir();
    writeFiles(certificates, {
      'login-key.pem': credentials.key,
      'login-cert.pem': credentials.certificate,
      'login-cacert.pem': credentials.ca,
    });
    const local = await openService('ssh', port);
    const domain = 'ssh.demo.localhost';
    await publishCollection(edge, [port]);
    const tierPort = edge.edge.accessTierPort;
    const proxy = [process.execPath, programPath('banyanproxy'), '--certs', certificates];
    const command = [...proxy, domain, tierPort];
    const chain = [...proxy, '--mode', 'CHAIN', '--target', '%h:%p', COLLECTION.domain, tierPort];
    const { ssh_config: config } = writeFiles(folder, {
      known_hosts: `test ${hostKey}\n`,
      ssh_config: `
Host by-port
  HostName 127.0.0.1
  Port ${local}
Host by-command
  ProxyCommand ${command.join(' ')}
Host by-collection
  HostName ${HOST}
  Port ${port}
  ProxyCommand ${chain.join(' ')}
Host *
  User ${userInfo().username}
  HostKeyAlias test
  UserKnownHostsFile ${inFolder('known_hosts')}
  StrictHostKeyChecking yes
  IdentityFile ${userKey}
  IdentitiesOnly yes
  BatchMode yes
`,
    });
    return { config, folder };
  }

  const needWay = (context: TestContext, way: string) => {
    if (way !== 'by-port' && !existsSync(programPath('banyanproxy'))) {
      context.skip('the programs are not built (npm run build)');
    }
  };

  it.for(['by-port', 'by-command', 'by-collection'])(
    'runs a command with input, %s',
    async (way, context) => {
      needWay(context, way);
      const { config } = await startSsh(context);
      const input = randomBytes(3 * MIB);
      const echoed = await run('ssh', ['-F', config, way, 'cat'], { input });
      expect(sha256(echoed)).toBe(sha256(input));
    },
  );

  it.for(['by-port', 'by-command', 'by-collection'])(
    'copies files with scp and sftp, %s',
    async (way, context) => {
      needWay(context, way);
      const { config, folder } = await startSsh(context);
      const file = randomBytes(4 * MIB);
      const inFolder = (name: string) => path.join(folder, name);
      writeFileSync(inFolder('sent'), file);
      await run('scp', ['-q', '-F', config, inFolder('sent'), `${way}:${inFolder('there')}`]);
      await run('scp', ['-q', '-F', config, `${way}:${inFolder('there')}`, inFolder('back')]);
      expect(sha256(readFileSync(inFolder('back')))).toBe(sha256(file));

      const batch = `put ${inFolder('sent')} ${inFolder('put')}\nget ${inFolder('put')} ${inFolder('got')}\n`;
      await run('sftp', ['-q', '-F', config, '-b', '-', way], { input: Buffer.from(batch) });
      expect(sha256(readFileSync(inFolder('got')))).toBe(sha256(file));
    },
  );

  it.for(['by-port', 'by-command', 'by-collection'])(
    'clones a repository with git, %s',
    async (way, context) => {
      need(context, 'git');
      needWay(context, way);
      const { config, folder } = await startSsh(context);
      const { repository, content } = await makeRepository(folder);
      await run('git', ['clone', '--quiet', `${way}:${repository}`, 'clone'], {
        folder,
        env: { GIT_SSH_COMMAND: `ssh -F ${config}` },
      });
      expect(sha256(readFileSync(path.join(folder, 'clone', 'file')))).toBe(content);
    },
  );
});

/** A bare repository with one file of two megabytes, ready for the dumb HTTP protocol too. */
async function makeRepository(folder: string) {
  const git = (...args: string[]) =>
    run('git', ['-c', 'user.name=test', '-c', 'user.email=test@example.invalid', ...args], {
      folder,
    });
  const file = randomBytes(2 * MIB);
  await git('init', '--quiet', 'work');
  writeFileSync(path.join(folder, 'work', 'file'), file);
  await git('-C', 'work', 'add', 'file');
  await git('-C', 'work', 'commit', '--quiet', '-m', 'One file');
  await git('clone', '--quiet', '--bare', 'work', 'repository.git');
  await git('-C', 'repository.git', 'update-server-info');
  return { repository: path.join(folder, 'repository.git'), content: sha256(file) };
}

describe('git', () => {
  it.for([
    ['https', 'http'],
    ['https', 'socks5h'],
    ['http', 'http'],
    ['http', 'socks5h'],
  ] as const)('clones over %s through the port as %s proxy', async ([scheme, proxy], context) => {
    need(context, 'git');
    const folder = tempDir();
    const { content } = await makeRepository(folder);
    const { origin, caFile } = await serveFolder(folder, scheme);
    const settings = [
      `http.proxy=${proxy}://127.0.0.1:${proxyPort}`,
      `http.sslCAInfo=${caFile}`,
    ].flatMap((setting) => ['-c', setting]);
    await run('git', [...settings, 'clone', '--quiet', `${origin}/repository.git`, 'clone'], {
      folder,
    });
    expect(sha256(readFileSync(path.join(folder, 'clone', 'file')))).toBe(content);
  });
});

describe('psql', () => {
  it('reads and writes a table', async (context) => {
    need(context, 'psql', 'initdb', 'postgres');
    const port = await startPostgres(context);
    const local = await openService('database', port);
    const psql = (command: string, input?: Buffer) =>
      run(
        'psql',
        ['-X', '-q', '-h', '127.0.0.1', '-p', `${local}`, '-U', 'postgres', '-c', command],
        input && { input },
      );
    const rows = Buffer.from(
      Array.from({ length: 50_000 }, (_, i) => `${i}\t${sha256(Buffer.from(`${i}`))}\n`).join(''),
    );
    await psql('create table t (i int, hash text)');
    await psql('copy t from stdin', rows);
    expect(sha256(await psql('copy (select * from t order by i) to stdout'))).toBe(sha256(rows));
  });
});

describe('redis-cli', () => {
  it('stores a few megabytes and gets them back', async (context) => {
    need(context, 'redis-server', 'redis-cli');
    const port = await freePort();
    const settings = [
      '--port',
      `${port}`,
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--appendonly',
      'no',
    ];
    await startDaemon('redis-server', settings, { port });
    const local = await openService('cache', port);
    const redis = (args: string[], input?: Buffer) =>
      run('redis-cli', ['-h', '127.0.0.1', '-p', `${local}`, ...args], input && { input });
    const value = randomBytes(3 * MIB);
    expect(String(await redis(['-x', 'set', 'big'], value))).toBe('OK\n');
    // It puts a line feed behind what it prints.
    expect(sha256((await redis(['--raw', 'get', 'big'])).subarray(0, -1))).toBe(sha256(value));
  });
});
