// The built app under a real /etc/banyanapp, put there by the words of docs/how-to/deploy.md. In a mount namespace of its
// own, so that nothing else on this computer sees it; only root can make one.
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { beforeAll, expect, it, onTestFinished, type TestContext } from 'vitest';
import { ensureBuild } from '../../scripts/lib/prepare.mjs';
import {
  environment,
  programPath,
  runProgram,
  startProgram,
  temporaryFolder,
} from '../support/programs.ts';
import { until } from '../support/until.ts';

beforeAll(() => ensureBuild(), 120_000);

const ROOT = path.resolve(import.meta.dirname, '..', '..');
/** `$1`: an empty folder. Afterwards /etc is a copy that only this process and its children have. */
const OWN_ETC = `
  mount -t tmpfs none "$1" && mkdir "$1/up" "$1/work" &&
  mount -t overlay overlay -o "lowerdir=/etc,upperdir=$1/up,workdir=$1/work" /etc`;

const example = (): string => {
  const text = readFileSync(path.join(ROOT, 'docs/how-to/deploy.md'), 'utf8');
  return /```sh\n([^]*?)```/.exec(text)?.[1] ?? '';
};

function needsNamespace(ctx: TestContext, folder: string): void {
  const tried = spawnSync('unshare', ['-m', 'sh', '-c', OWN_ETC, 'sh', folder]);
  if (tried.status !== 0) ctx.skip('no mount namespace with an /etc of its own can be made here');
}

async function aFolder(): Promise<string> {
  const { path: folder, remove } = await temporaryFolder();
  onTestFinished(remove);
  return folder;
}

it('registers by itself, and banyan status says who has set it up', async (ctx) => {
  const [etc, home, data] = [await aFolder(), await aFolder(), await aFolder()];
  needsNamespace(ctx, etc);
  const demo = await startProgram(
    'banyan-edge',
    ['demo', '--json', '--access-tier-port', '0', '--data', data, '--deployment-uses', '2'],
    data,
  );
  onTestFinished(async () => void (await demo.stop()));
  const { deploymentInvite } = JSON.parse(demo.firstLine) as { deploymentInvite: string };

  const banyan = `"${process.execPath}" "${programPath('banyan')}"`;
  const script = `${OWN_ETC}\nset -e\n${example()}\n${banyan} status >&2\n${banyan} services >&2 || true\nexec ${banyan} up --exit-with-parent`;
  const child = spawn('unshare', ['-m', 'sh', '-c', script, 'sh', etc], {
    env: { ...environment(home), INVITE: deploymentInvite },
  });
  const exited = new Promise((resolve) => child.once('close', resolve));
  onTestFinished(async () => {
    child.stdin.end();
    await exited;
  });
  let said = '';
  child.stderr.on('data', (text: Buffer) => (said += text.toString()));
  await new Promise((resolve) => createInterface({ input: child.stdout }).once('line', resolve));
  // One command alone registers nothing, and says what is due.
  expect(said).toContain('as soon as Banyan runs');
  expect(said).toMatch(/Start the app, or run `banyan up`.*\[device\/not-registered\]/);
  expect(said).not.toContain('Register it with an invite');

  await until(async () => {
    const { stdout } = await runProgram('banyan', ['status', '--json'], home);
    const { managed } = JSON.parse(stdout) as { managed: { registration?: { status: string } } };
    return managed.registration?.status === 'registered';
  });
  // Whoever started it sees that too.
  expect(said).toContain('Set up: registering with demo.localhost');
  expect(said).toContain('Set up: your organisation has set this computer up, with demo.localhost');
  const { stdout } = await runProgram('banyan', ['status'], home);
  expect(stdout).toMatch(
    /Set up +your organisation has set this computer up, with demo\.localhost/,
  );
  expect(stdout).toMatch(/certificate until \d{4}-\d\d-\d\d \d\d:\d\d \([+-]\d\d:\d\d\)/);
  const left = await runProgram('banyan', ['unregister', '--yes'], home);
  expect(left).toMatchObject({ exit: 4 });
  expect(left.stderr).toContain('[managed/not-allowed]');
});
