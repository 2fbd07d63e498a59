// What the terminal has for who looks for a reason: the log, and a diagnosis.
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ensureBuild } from '../../scripts/lib/prepare.mjs';
import {
  environment,
  programPath,
  runProgram,
  type Running,
  startProgram,
  temporaryFolder,
} from '../support/programs.ts';
import { startEdge, type TestEdge } from '../support/start-edge.ts';
import { until } from '../support/until.ts';

let edge: TestEdge;
let running: Running;
let home: string;
const cleanUps: (() => unknown)[] = [];

beforeAll(async () => {
  await ensureBuild();
  const folder = await temporaryFolder();
  cleanUps.push(folder.remove);
  home = path.join(folder.path, 'home');
  edge = await startEdge();
  cleanUps.push(() => edge.stop());
  running = await startProgram('banyan', ['up'], home);
  cleanUps.push(() => running.stop());
  await runProgram('banyan', ['register', await edge.edge.createInvite(), '--yes'], home);
}, 120_000);
afterAll(async () => {
  for (const cleanUp of cleanUps.toReversed()) await cleanUp();
});

describe('banyan logs', () => {
  it('prints the log, for people and as one object', async () => {
    const { exit, stdout } = await runProgram('banyan', ['logs'], home);
    expect(exit).toBe(0);
    expect(stdout).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z {2}INFO {3}device {2}.*status=registered$/m);
    const json = await runProgram('banyan', ['logs', '--json'], home);
    const { lines } = JSON.parse(json.stdout) as { lines: { level: string; time: string }[] };
    expect(lines.length).toBeGreaterThan(0);
    expect(lines[0]).toMatchObject({ level: 'info', time: expect.stringContaining('T') as string });
  });

  it('--follow prints what is added, line by line, until it is stopped', async () => {
    const child = spawn(process.execPath, [programPath('banyan'), 'logs', '--follow', '--json'], {
      env: environment(home),
    });
    onTestFinished(() => void child.kill());
    let said = '';
    child.stdout.on('data', (text: Buffer) => (said += text.toString()));
    await until(() => Promise.resolve(said.includes('"registered"')));
    const before = said.length;
    await runProgram('banyan', ['diagnose'], home);
    await until(() => Promise.resolve(said.slice(before).includes('"message":"diagnosis"')));
    for (const line of said.trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('level');
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGINT');
    expect(await ended).toBe(0);
  });
});

describe('banyan diagnose', () => {
  it('says of every step whether it works, and saves it for whoever helps', async () => {
    const { exit, stdout } = await runProgram('banyan', ['diagnose', '--save'], home);
    expect(exit).toBe(0);
    expect(stdout).toMatch(/^ok +Encryption \(TLS\) +TLSv1\.3; /m);
    const [, file = ''] = /as (\S+\.json)\.$/m.exec(stdout) ?? [];
    expect(JSON.parse(await readFile(file, 'utf8'))).toHaveProperty('diagnoses');
  });

  it('names the broken one, with what helps, and is one object for programs', async () => {
    await edge.stop();
    const { stdout } = await runProgram('banyan', ['diagnose'], home);
    expect(stdout).toMatch(/^FAILED +Network \(TCP\) +.*nothing answers at that port.*Check the/m);
    const json = await runProgram('banyan', ['diagnose', '--json'], home);
    const { results } = JSON.parse(json.stdout) as { results: { step: string; status: string }[] };
    expect(results).toContainEqual(expect.objectContaining({ step: 'tcp', status: 'failed' }));
  });
});
