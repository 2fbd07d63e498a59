// `banyan-edge demo`: a demo organisation on this machine, until Ctrl-C.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inGroups } from '../../shared/model/fingerprint.ts';
import { type DemoEdge, startDemoEdge } from '../demo.ts';
import { MOST_USES } from '../enrolment/invites.ts';
import type { Log } from '../log.ts';
import { print, printError } from '../print.ts';
import { type Arguments, numberOf } from './arguments.ts';

const DEPLOYMENT_SECONDS = 30 * 24 * 3600;

export async function demo(given: Arguments): Promise<void> {
  const data = given.text('data');
  const accessTierPort = numberOf(given, 'access-tier-port', { least: 0, most: 65535 });
  const deploymentUses = numberOf(given, 'deployment-uses', { least: 1, most: MOST_USES });
  // Asked for before anything is made, so that an early Ctrl-C cleans up too.
  const stopAsked = new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
    process.once('SIGHUP', () => resolve());
    if (!given.has('exit-with-parent')) return;
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
      print(given.has('json') ? JSON.stringify(facts) : readyText(demo, deployment || null));
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
