// One click, and a real program in a real terminal has reached its server through the tunnel.
import { existsSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import { createLauncher } from '../../src/main/client/adapters/launcher.ts';
import type { ClientProgram } from '../../src/shared/model/client-program.ts';
import { skipWithoutChromium } from '../support/chromium.ts';
import { HOST, publishCollection, publishTyped } from '../support/collection.ts';
import { startDisplay } from '../support/display.ts';
import { findProgram, freePort, missing, startDaemon } from '../support/foreign-servers.ts';
import { startPostgres } from '../support/postgres.ts';
import { startClient } from '../support/start-client.ts';
import { SSH_PROGRAMS, startSshServer } from '../support/ssh-server.ts';
import { startEdge, type TestEdge } from '../support/start-edge.ts';
import { tempDir } from '../support/temp-dir.ts';
import { join } from '../support/two-organisations.ts';
import { until } from '../support/until.ts';

/** With a display and a terminal; `wrappers` stand before the real programs of this computer. */
async function aPerson(
  context: TestContext,
  needs: readonly string[],
  publish: (edge: TestEdge) => Promise<void>,
  wrappers: Readonly<Record<string, string>> = {},
) {
  const reason = missing('Xvfb', 'xterm', ...needs);
  if (reason) context.skip(reason);
  const edge = await startEdge();
  onTestFinished(() => edge.stop());
  await publish(edge);
  const [bin, home] = [tempDir(), tempDir()];
  // The one that is tried: others of this computer would come before it.
  const own = { 'x-terminal-emulator': 'exec xterm "$@"', ...wrappers };
  for (const [name, script] of Object.entries(own)) {
    writeFileSync(path.join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  const environment = {
    ...process.env,
    PATH: `${bin}:${process.env['PATH']}`,
    HOME: home,
    DISPLAY: await startDisplay(),
  };
  const launcher = createLauncher({ platform: process.platform, environment });
  const programs = {
    personFolder: home,
    banyanproxy: null,
    banyan: ['banyan'],
    downloads: () => home,
    launcher,
  };
  const client = await startClient({ ports: { programs } });
  onTestFinished(() => client.stop());
  await join(client, edge);
  return {
    client,
    launch: (name: string, program: ClientProgram) =>
      client.call('program.launch', { service: `${name}.demo.bnn`, program }),
    connect: (name: string) => client.call('tunnel.open', { service: `${name}.demo.bnn` }),
  };
}

const target = (port: number) => ({ target: { name: '127.0.0.1', port } });
const DATABASE = { service_app_type: 'DATABASE', banyanproxy_mode: 'TCP' };

describe('a click on a program', () => {
  it('opens psql in a terminal, connected to the database', async (context) => {
    const reason = missing('initdb', 'postgres', 'psql');
    if (reason) context.skip(reason);
    const port = await startPostgres(context);
    const person = await aPerson(
      context,
      ['psql'],
      (edge) => publishTyped(edge, 'pg', DATABASE, target(port)),
      { psql: 'PGUSER=postgres exec /usr/bin/psql "$@"' },
    );
    expect((await person.client.call('program.look', {})).installed).toContain('psql');
    await expect(person.launch('pg', 'psql')).rejects.toMatchObject({
      code: 'program/not-connected',
    });
    await person.connect('pg');
    await person.launch('pg', 'psql');
    const ask = `select count(*) from pg_stat_activity where application_name = 'psql' and pid <> pg_backend_pid()`;
    const args = ['-h', '127.0.0.1', '-p', `${port}`, '-U', 'postgres', '-Atc', ask];
    await until(() => Promise.resolve(execFileSync('psql', args).toString().trim() === '1'));
  });

  it('opens redis-cli in a terminal', async (context) => {
    const reason = missing('redis-server', 'redis-cli');
    if (reason) context.skip(reason);
    const port = await freePort();
    await startDaemon('redis-server', ['--port', `${port}`, '--save', ''], { port });
    const person = await aPerson(context, [], (edge) =>
      publishTyped(edge, 'redis', DATABASE, target(port)),
    );
    await person.connect('redis');
    await person.launch('redis', 'redis-cli');
    const redisCli = findProgram('redis-cli') ?? '';
    const args = ['-p', `${port}`, 'client', 'list'];
    const others = (): boolean =>
      execFileSync(redisCli, args)
        .toString()
        .split('\n')
        .some((line) => /cmd=(?:command|docs|hello)/.test(line));
    await until(() => Promise.resolve(others()));
  });

  it('opens ssh in a terminal, logged in', async (context) => {
    const reason = missing(...SSH_PROGRAMS);
    if (reason) context.skip(reason);
    const server = await startSshServer();
    const known = path.join(tempDir(), 'known_hosts');
    writeFileSync(known, `bastion.demo.bnn ${server.hostKey}\n`);
    const options = `-o UserKnownHostsFile=${known} -o StrictHostKeyChecking=yes -i ${server.userKey}`;
    const person = await aPerson(
      context,
      [],
      (edge) => publishTyped(edge, 'bastion', { service_app_type: 'SSH' }, target(server.port)),
      { ssh: `exec ${findProgram('ssh')} -F none ${options} "$@"` },
    );
    await person.connect('bastion');
    await person.launch('bastion', 'ssh');
    await until(() => Promise.resolve(server.said().includes('Accepted publickey')));
  });

  it('opens a browser with a profile of its own, whose pages come through the collection', async (context) => {
    skipWithoutChromium(context);
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(`${request.headers.host}${request.url}`);
      response.end('<title>wiki</title>');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    const chromium = process.env['BANYAN_CHROMIUM'] ?? '/usr/bin/chromium';
    const person = await aPerson(context, [], (edge) => publishCollection(edge, [port]), {
      // Chromium does not run as root without the option.
      'google-chrome': `exec ${chromium} --no-sandbox --disable-gpu --disable-dev-shm-usage "$@"`,
    });
    await person.connect('wide');
    await person.launch('wide', 'chromium');
    await until(() => Promise.resolve(asked.includes(`${HOST}:${port}/`)));
    const browsers = path.join(person.client.home, 'browsers');
    expect(existsSync(browsers)).toBe(true);
    await person.client.call('device.unregister', {});
    await until(() => Promise.resolve(!existsSync(path.join(browsers, 'wide.demo.bnn-chromium'))));
  });

  it('is refused for a program that cannot use the service', async (context) => {
    const person = await aPerson(context, [], (edge) =>
      publishTyped(edge, 'pg', DATABASE, target(1)),
    );
    await expect(person.launch('pg', 'redis-cli')).rejects.toMatchObject({
      code: 'program/not-started',
    });
    await expect(person.launch('gone', 'psql')).rejects.toMatchObject({
      code: 'catalog/service-not-found',
    });
  });
});
