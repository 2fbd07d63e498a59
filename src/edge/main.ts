#!/usr/bin/env node
// `banyan-edge`: runs the server side from a terminal: the demo organisation.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import packageJson from '../../package.json' with { type: 'json' };
import { EXIT } from '../shared/errors.ts';
import { inGroups } from '../shared/model/fingerprint.ts';
import { type DemoEdge, startDemoEdge } from './demo.ts';
import { MOST_USES, within } from './enrolment/invites.ts';
import type { Log } from './log.ts';
import { print, printError } from './print.ts';

const HELP = `banyan-edge demo [--data DIR] [--json] [--access-tier-port N] [--deployment-uses N] [--exit-with-parent]

Runs a demo organisation on this machine only, until Ctrl-C.

  --data DIR            keep certificate authority and data there (default: a folder that is deleted at the end)
  --json                print one line of JSON when ready
  --access-tier-port N  default: 8443 when it is free, else a free one
  --deployment-uses N   also print an invite that is good for N devices, for thirty days (docs/how-to/deploy.md)
  --exit-with-parent    stop when standard input ends
  --help, --version`;

const DEPLOYMENT_SECONDS = 30 * 24 * 3600;

class UsageError extends Error {}

interface Arguments {
  data: string | undefined;
  json: boolean;
  accessTierPort: number | undefined;
  deploymentUses: number | undefined;
  exitWithParent: boolean;
}

/** A text to print instead of running, or what to run. Throws UsageError. */
function readArguments(argv: readonly string[]): string | Arguments {
  const { values, positionals } = parse(argv);
  if (values.help) return HELP;
  if (values.version) return packageJson.version;
  if (positionals.join(' ') !== 'demo') throw new UsageError('The command is `banyan-edge demo`.');
  const port = values['access-tier-port'];
  if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) <= 65535)) {
    throw new UsageError('--access-tier-port takes a port number, 0 for any free one.');
  }
  const uses = values['deployment-uses'];
  if (uses !== undefined && !(/^\d{1,6}$/.test(uses) && within(Number(uses), MOST_USES))) {
    throw new UsageError(`--deployment-uses takes a number from 1 to ${MOST_USES}.`);
  }
  return {
    data: values.data,
    json: values.json,
    accessTierPort: port === undefined ? undefined : Number(port),
    deploymentUses: uses === undefined ? undefined : Number(uses),
    exitWithParent: values['exit-with-parent'],
  };
}

function parse(argv: readonly string[]) {
  const flag = { type: 'boolean', default: false } as const;
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        data: { type: 'string' },
        json: flag,
        'access-tier-port': { type: 'string' },
        'deployment-uses': { type: 'string' },
        'exit-with-parent': flag,
        help: { ...flag, short: 'h' },
        version: flag,
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

async function runDemo(asked: Arguments): Promise<void> {
  const { data, json, accessTierPort, deploymentUses, exitWithParent } = asked;
  // Asked for before anything is made, so that an early Ctrl-C cleans up too.
  const stopAsked = new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
    process.once('SIGHUP', () => resolve());
    if (!exitWithParent) return;
    process.stdin.once('end', () => resolve()).once('close', () => resolve());
    process.stdin.once('error', () => resolve());
    process.stdin.resume();
  });
  const log: Log = (level, message, fields) => {
    if (level !== 'info') printError(JSON.stringify({ level, message, ...fields }));
  };
  const folder = data ?? (await mkdtemp(join(tmpdir(), 'banyan-demo-')));
  try {
    const demo = await startDemoEdge({
      data: folder,
      log,
      ...(accessTierPort !== undefined && { accessTierPort }),
    });
    try {
      const deployment = deploymentUses && (await deploymentInvite(demo, deploymentUses));
      const facts = { ...readyLine(demo), ...(deployment && { deploymentInvite: deployment }) };
      print(json ? JSON.stringify(facts) : readyText(demo, deployment || null));
      await stopAsked;
    } finally {
      await demo.stop();
    }
  } finally {
    if (data === undefined) await rm(folder, { recursive: true, force: true });
  }
}

async function deploymentInvite({ edge }: DemoEdge, uses: number): Promise<string> {
  const wish = { name: 'Demo deployment', uses, lifetimeSeconds: DEPLOYMENT_SECONDS };
  return (await edge.createDeploymentInvite(wish)).invite;
}

const readyLine = (demo: DemoEdge) => ({
  ready: true,
  organisation: demo.organisation,
  invite: demo.invite,
  browserOrigin: demo.browserOrigin,
  accessTier: demo.accessTier,
  services: demo.services,
  person: demo.person,
  lab: demo.lab,
  rootFingerprint: demo.edge.rootFingerprint,
});

const readyText = (demo: DemoEdge, deployment: string | null): string =>
  [
    'The demo organisation is running. Ctrl-C stops it.',
    '',
    `  organisation  ${demo.organisation}`,
    `  invite        ${demo.invite}`,
    `  fingerprint   ${inGroups(demo.edge.rootFingerprint)}`,
    ...(deployment === null ? [] : [`  for many      ${deployment}`]),
    `  sign in as    ${demo.person.email} (filled in for you at ${demo.browserOrigin})`,
    `  Access Tier   ${demo.accessTier}`,
    `  services      ${demo.services.map(({ domain, port }) => `${domain}:${port}`).join(', ')}`,
    `  collection    ${demo.lab.allowed.join(', ')}`,
  ].join('\n');

try {
  const asked = readArguments(process.argv.slice(2));
  if (typeof asked === 'string') print(asked);
  else await runDemo(asked);
  // Nothing is left to do: keep-alive sockets of others must not hold the program.
  process.exit(EXIT.ok);
} catch (error) {
  const usage = error instanceof UsageError;
  const code = (error as NodeJS.ErrnoException).code;
  printError(
    code === 'EADDRINUSE'
      ? 'A port is in use. Choose another one with --access-tier-port.'
      : (error as Error).message,
  );
  if (usage) printError(`\n${HELP}`);
  process.exit(usage ? EXIT.usage : code === 'EADDRINUSE' ? EXIT.portInUse : EXIT.failed);
}
