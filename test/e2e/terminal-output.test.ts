// What every command of `banyan` prints, for people and for programs, from a computer that knows nothing to one that has left
// again. After a change: `npx vitest run --project e2e terminal-output -u`, and read the difference.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { approveCode, approveSignIn } from '../../scripts/lib/approve-sign-in.mjs';
import { ensureBuild } from '../../scripts/lib/prepare.mjs';
import { type CommandName, COMMANDS } from '../../src/cli/command-table.ts';
import { cliSchemas, failure } from '../support/cli-schemas.ts';
import { publishTyped } from '../support/collection.ts';
import { createTestPki } from '../support/pki.ts';
import { startProgram } from '../support/programs.ts';
import { startEdge, type TestEdge } from '../support/start-edge.ts';
import { tempDir } from '../support/temp-dir.ts';
import { type Terminal, typed, type TypedOptions } from '../support/transcript.ts';

beforeAll(() => ensureBuild(), 120_000);

const written = (name: string): string =>
  path.resolve(import.meta.dirname, '..', 'fixtures', 'terminal', name);

async function anOrganisation(): Promise<TestEdge> {
  // One thing is asked of every computer, and every one fails it.
  const edge = await startEdge({
    posture: { effects: { OrgPreferredAppsRunning: 'Medium' }, applications: ['runs-nowhere'] },
  });
  onTestFinished(() => edge.stop());
  const target = { target: { name: '127.0.0.1', port: 1 } };
  await publishTyped(edge, 'orders-pg', { service_app_type: 'DATABASE' }, target);
  await publishTyped(edge, 'bastion', { service_app_type: 'SSH' }, target);
  await publishTyped(edge, 'desktop', { service_app_type: 'RDP' }, target);
  const { root } = await createTestPki();
  await publishTyped(
    edge,
    'mykube',
    {
      service_app_type: 'K8S',
      banyanproxy_mode: 'CHAIN',
      kube_ca_key: root,
      kube_cluster_name: 'dev',
    },
    { http_connect: true, allow_patterns: [{ hostnames: ['kube.test'] }] },
  );
  return edge;
}

function aTerminal(): Terminal {
  const folder = tempDir();
  // Nothing of this computer: no program that would be found, no desktop.
  const env = {
    HOME: folder,
    PATH: '/nonexistent',
    SHELL: '/bin/bash',
    TZ: 'UTC',
    LANG: 'C.UTF-8',
  };
  return { folder, home: path.join(folder, '.config', 'banyanapp'), env };
}

/** Presses yes on the page that is printed, once. */
function approving(): TypedOptions {
  let isAsked = false;
  return {
    onText: (text) => {
      const page = /https?:\/\/\S+?\/(?:start|authorize|auth)[^\s"]*(?=[\s"])/.exec(text)?.[0];
      if (page === undefined || isAsked) return;
      isAsked = true;
      void approveSignIn(page);
    },
  };
}

function approvingCode(edge: TestEdge): TypedOptions {
  let isAsked = false;
  return {
    onText: (text) => {
      const [code] = /\b[B-Z]{4}-[B-Z]{4}\b/.exec(text) ?? [];
      if (code === undefined || isAsked) return;
      isAsked = true;
      void approveCode(`${edge.browserOrigin}/device?user_code=${code}`);
    },
  };
}

/** Of the shape that docs/cli.schema.json has for it. */
function expectDocumented(line: string, answer: unknown): void {
  const name = line.split(' ')[0] ?? '';
  const command = (Object.keys(cliSchemas) as CommandName[]).find((known) => known === name);
  const schema = command && (answer as { ok: boolean }).ok ? cliSchemas[command] : failure;
  expect(schema.safeParse(answer).error?.message ?? '', line).toBe('');
}

it.each(['people', 'programs'] as const)('every command, for %s', async (whom) => {
  const edge = await anOrganisation();
  const terminal = aTerminal();
  mkdirSync(terminal.home, { recursive: true, mode: 0o700 });
  let transcript = '';
  const used = new Set<string>();
  const type = async (line: string, options: TypedOptions = {}): Promise<number | null> => {
    const words = line.split(' ');
    used.add(words[0] ?? '');
    const args = whom === 'programs' ? [...words, '--json'] : words;
    const { text, stdout, exit } = await typed(terminal, args, options);
    transcript += text;
    if (whom === 'programs') expectDocumented(line, JSON.parse(stdout));
    return exit;
  };
  const lines = async (...each: string[]): Promise<void> => {
    for (const line of each) await type(line);
  };
  const stopWhenSaid = (words: RegExp): TypedOptions => {
    let isStopped = false;
    return {
      onText: (text, stop) => {
        if (!isStopped && words.test(text)) stop();
        isStopped ||= words.test(text);
      },
    };
  };

  await lines(
    'status',
    'services',
    'login',
    'quit',
    'frob',
    'organisations',
    'certs',
    'diagnose',
    'logs',
  );
  await lines('up --install-service', 'up --remove-service');
  await type('up', stopWhenSaid(/ready/));
  await type('ui', stopWhenSaid(/http:/));

  const up = await startProgram('banyan', ['up'], terminal.home, terminal.env);
  onTestFinished(async () => void (await up.stop()));
  await lines(`register ${await edge.edge.createInvite()}`);
  await lines(`register ${await edge.edge.createInvite()} --name laptop --yes`);
  await lines('unlock', 'status', 'organisations', 'switch Demo', 'switch nowhere');
  await type('login --no-browser', approving());
  await lines('logout');
  await type('login --device-code', approvingCode(edge));

  await lines(
    'services',
    'services --search orders',
    'services --names',
    'services --search nothing',
  );
  await lines(
    'connect api',
    'connect lab',
    'connect orders-pg',
    'connect vault',
    'connect nothing',
  );
  await type('connect echo --foreground', stopWhenSaid(/Ctrl-C|"ok":true/));
  await lines('override orders-pg 25432', 'override orders-pg --reset', 'override orders-pg 99999');
  await lines('auto-connect api on', 'auto-connect api off', 'status');
  for (const shell of ['bash', 'zsh', 'fish', 'powershell']) {
    await lines(`env orders-pg --shell ${shell}`);
  }
  await lines('env lab', 'env echo', 'disconnect orders-pg', 'disconnect orders-pg');
  await lines('open reports --no-browser', 'open orders-pg', 'open desktop', 'open desktop --save');
  await lines('ssh-config on', 'ssh-config show', 'ssh-config off bastion', 'ssh-config on api');
  await lines(
    'kubeconfig on',
    'connect mykube',
    'kubeconfig on',
    'kubeconfig show',
    'kube-token mykube',
    'kube-token api',
    'kubeconfig off',
  );
  await lines('connections', 'connections api', 'updates', 'updates --check', 'updates --install');
  await lines(
    'settings',
    'settings theme dark',
    'settings warn-minutes 30',
    'settings proxy 127.0.0.1:0',
    'settings proxy none',
    'settings start-at-login on',
    'settings any-local-user on',
    'settings any-local-user on --yes',
    'settings colour red',
    'settings',
  );
  await lines('certs', 'posture', 'diagnose', 'diagnose api');
  await lines('completion fish', 'logout', 'unregister', 'unregister --yes', 'quit');

  expect([...used].toSorted()).toEqual(expect.arrayContaining(Object.keys(COMMANDS)));
  await expect(transcript).toMatchFileSnapshot(written(`for-${whom}.txt`));
});
