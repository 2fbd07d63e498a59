// An edge as somebody hosts it: the built program with a configuration in an empty folder, and commands that ask it.
import { spawn, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { environment, type Finished, programPath, runProgram, running } from './programs.ts';
import { tempDir } from './temp-dir.ts';

export interface HostedEdge {
  folder: string;
  config: string;
  child: ChildProcess;
  /** What it has said on standard error: its log. */
  log(): Record<string, unknown>[];
  facts: {
    organisation: string;
    rootFingerprint: string;
    accessTierPort: number;
    data: string;
    pid: number;
  };
  ended: Promise<number | null>;
  /** A command against it, by its configuration. */
  run(args: readonly string[], input?: string): Promise<Finished>;
  /** The same with --json; the object it printed. */
  ask(args: readonly string[], input?: string): Promise<Record<string, unknown>>;
}

export const HOST = 'team.localhost';
const FREE = '127.0.0.1:0';

export function writeConfig(folder: string, change: object = {}): string {
  const config = path.join(folder, 'config.json');
  const content = {
    version: 1,
    organisation: { name: 'Team', host: HOST },
    data: 'data',
    listen: { public: FREE, mutual: FREE, access_tier: FREE, pages: FREE },
    ...change,
  };
  writeFileSync(config, JSON.stringify(content));
  return config;
}

export async function startHosted(change: object = {}, folder = tempDir()): Promise<HostedEdge> {
  const config = writeConfig(folder, change);
  const args = [programPath('banyan-edge'), 'start', '--config', config, '--json'];
  const child = spawn(process.execPath, args, { env: environment(folder) });
  let said = '';
  child.stderr.on('data', (text: Buffer) => (said += text.toString()));
  const { firstLine, ended } = await running('banyan-edge', child);
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const run: HostedEdge['run'] = (command, input) =>
    runProgram('banyan-edge', [...command, '--config', config], folder, input);
  return {
    folder,
    config,
    child,
    log: () =>
      said
        .trim()
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    facts: JSON.parse(firstLine) as HostedEdge['facts'],
    ended,
    run,
    async ask(command, input) {
      const { stdout, stderr } = await run([...command, '--json'], input);
      if (stdout === '') throw new Error(`banyan-edge ${command.join(' ')}: ${stderr}`);
      return JSON.parse(stdout) as Record<string, unknown>;
    },
  };
}
