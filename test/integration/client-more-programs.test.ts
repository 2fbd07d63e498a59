// Programs that people have besides ssh and psql: PuTTY's plink, the client of MySQL, and a VNC viewer behind a collection.
import { execFile, execFileSync } from 'node:child_process';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import { publishTyped, startBackend } from '../support/collection.ts';
import { findProgram, missing } from '../support/foreign-servers.ts';
import { SSH_PROGRAMS, startSshServer } from '../support/ssh-server.ts';
import { startClient } from '../support/start-client.ts';
import { startEdge, type TestEdge } from '../support/start-edge.ts';
import { tempDir } from '../support/temp-dir.ts';
import { join, portOf } from '../support/two-organisations.ts';

/** The port of the service that was published. */
async function connected(
  name: string,
  publish: (edge: TestEdge) => Promise<void>,
): Promise<number> {
  const edge = await startEdge();
  onTestFinished(() => edge.stop());
  await publish(edge);
  const client = await startClient();
  onTestFinished(() => client.stop());
  await join(client, edge);
  return portOf(client, `${name}.demo.bnn`);
}

function needs(context: TestContext, ...programs: string[]): void {
  const reason = missing(...programs);
  if (reason) context.skip(reason);
}

/** What it says, whether or not it is content. */
const run = (program: string, args: readonly string[]): Promise<string> =>
  new Promise((resolve) => {
    const options = { timeout: 20_000, env: { ...process.env, HOME: tempDir() } };
    execFile(findProgram(program) ?? program, args, options, (_error, stdout, stderr) =>
      resolve(stdout + stderr),
    );
  });

const single = (port: number) => ({ target: { name: '127.0.0.1', port } });

describe('through a local port', () => {
  it('plink of PuTTY logs in', async (context) => {
    needs(context, ...SSH_PROGRAMS, 'plink', 'puttygen');
    const server = await startSshServer();
    const key = path.join(tempDir(), 'key.ppk');
    execFileSync(findProgram('puttygen') ?? '', [server.userKey, '-o', key]);
    const print = execFileSync(findProgram('ssh-keygen') ?? '', [
      '-lf',
      path.join(server.folder, 'host_key.pub'),
    ]).toString();
    const [, hostKey = ''] = /(SHA256:\S+)/.exec(print) ?? [];
    const port = await connected('bastion', (edge) =>
      publishTyped(edge, 'bastion', { service_app_type: 'SSH' }, single(server.port)),
    );
    const words = ['-ssh', '-batch', '-P', `${port}`, '-l', userInfo().username, '-i', key];
    expect(await run('plink', [...words, '-hostkey', hostKey, '127.0.0.1', 'echo in'])).toBe(
      'in\n',
    );
  });

  it('the client of MySQL hears its server', async (context) => {
    needs(context, 'mysql');
    const message = Buffer.from('#08S01the ledger is closed today');
    const error = Buffer.concat([Buffer.from([0xff, 0x10, 0x04]), message]);
    const server = await startBackend((socket) => {
      socket.end(Buffer.concat([Buffer.from([error.length, 0, 0, 0]), error]));
    });
    onTestFinished(() => server.stop());
    const port = await connected('ledger', (edge) =>
      publishTyped(edge, 'ledger', { service_app_type: 'DATABASE' }, single(server.port)),
    );
    const said = await run('mysql', ['--host=127.0.0.1', `--port=${port}`, '-e', 'select 1']);
    expect(said).toContain('the ledger is closed today');
    expect(server.sockets).toHaveLength(1);
  });

  it('a VNC viewer reaches the screens of the collection, and no other port of that host', async () => {
    const server = await startBackend((socket) => {
      socket.write('RFB 003.008\n');
      socket.once('data', (chosen) => socket.end(`you speak ${chosen.toString()}`));
    });
    onTestFinished(() => server.stop());
    const port = await connected('vnc', (edge) =>
      publishTyped(
        edge,
        'vnc',
        { banyanproxy_mode: 'CHAIN' },
        {
          http_connect: true,
          dns_overrides: { 'vnc1.com': '127.0.0.1' },
          allow_patterns: [
            {
              hostnames: ['vnc1.com'],
              cidrs: ['127.0.0.1/32'],
              ports: { port_list: [server.port], port_ranges: [{ min: 5901, max: 5999 }] },
            },
          ],
        },
      ),
    );
    expect(await viewer(port, `vnc1.com:${server.port}`)).toMatch(
      /^HTTP\/1\.1 200 [^]*RFB 003\.008\nyou speak RFB 003\.008\n$/,
    );
    // Within the seeds' range and nobody there; outside of it, not allowed.
    expect(await viewer(port, 'vnc1.com:5999')).toMatch(/^HTTP\/1\.1 50[24] /);
    expect(await viewer(port, 'vnc1.com:6000')).toMatch(/^HTTP\/1\.1 403 /);
  });
});

/** Tells a proxy where to, then says the version that the server has said. */
function viewer(port: number, target: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let heard = '';
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
    });
    socket.on('data', (bytes: Buffer) => {
      const before = heard;
      heard += bytes.toString('latin1');
      if (heard.includes('RFB 003.008\n') && !before.includes('RFB')) socket.write('RFB 003.008\n');
    });
    socket.once('error', reject);
    socket.once('close', () => resolve(heard));
  });
}
