// `node scripts/program-timings.mjs`: how fast the terminal programs start, beyond Node's own start. The built programs against the
// demo organisation, one after the other, each beside a Node that only says a word. See docs/program-timings.md.
import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { banyanWith, signIn, startClient } from './lib/client.mjs';
import { startDemoEdge } from './lib/edge.mjs';
import { ensureBuild, ensurePackages, program } from './lib/prepare.mjs';
import { main } from './lib/steps.mjs';
import { throwAwayFolder } from './lib/throw-away.mjs';

const ROUNDS = 30;
/** Of banyanproxy, which an SSH ProxyCommand starts for every connection. */
const LIMIT_MS = 150;
/** After one that was killed edge and app have something to do, on the same cores. */
const REST_MS = 200;
const REQUEST = 'GET /hello HTTP/1.1\r\nhost: api\r\n\r\n';

/** From its start to the first byte that it prints. It is killed then. */
function firstByte(args, { env, input }) {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const child = spawn(process.execPath, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
    let complaints = '';
    child.stderr.on('data', (text) => (complaints += text));
    if (input) child.stdin.write(input);
    let ms;
    child.stdout.once('data', () => {
      ms = performance.now() - startedAt;
      child.kill('SIGKILL');
    });
    child.once('close', () => {
      if (ms === undefined) reject(new Error(`${args.join(' ')}: ${complaints}`));
      else resolve(ms);
    });
  });
}

const at = (times, part) =>
  times.toSorted((one, other) => one - other)[Math.ceil(times.length * part) - 1];

await main(async () => {
  await ensurePackages();
  await ensureBuild();
  const folder = await throwAwayFolder('banyan-timings-');
  const stops = [() => folder.remove()];
  const load = os.loadavg()[0].toFixed(1);
  try {
    // Nothing of this terminal's own: NODE_EXTRA_CA_CERTS alone makes each start of Node much slower.
    const { PATH } = process.env;
    const HOME = folder.path;
    const env = { PATH, HOME, BANYAN_HOME: path.join(HOME, 'app'), BANYAN_SECRETS: 'memory' };
    const edge = await startDemoEdge(path.join(folder.path, 'edge'));
    stops.push(() => edge.stop());
    const client = await startClient(env);
    stops.push(() => client.stop());
    const banyan = banyanWith(env);
    await banyan('register', edge.facts.invite, '--yes').result;
    await signIn(banyan);
    const { services } = await banyan('services').result;
    const { domain, accessTier } = services.find(({ name }) => name === 'api');
    const address = [domain, String(accessTier.port)];
    const known = ['--connect-to', `${accessTier.host}:${accessTier.port}`, ...address];
    const word = path.join(folder.path, 'word.mjs');
    await writeFile(word, "process.stdout.write('here\\n');");

    const proxy = program('banyanproxy');
    const kinds = [
      [
        'ProxyCommand of `ssh-config`, to the first byte from the far end',
        [proxy, ...known],
        REQUEST,
      ],
      ['the same, where the app is asked for the Access Tier', [proxy, ...address], REQUEST],
      ['`banyanproxy -l`, to the line that says it listens', [proxy, '-l', '0', ...known]],
      [
        '`banyan services --names`, which completes names',
        [program('banyan'), 'services', '--names'],
      ],
    ].map(([what, args, input]) => ({ what, args, input, times: [] }));
    const bare = [];
    for (let round = -1; round < ROUNDS; round += 1) {
      for (const { args, input, times } of kinds) {
        await delay(REST_MS);
        const own = await firstByte([word], { env });
        await delay(REST_MS);
        const ms = await firstByte(args, { env, input });
        if (round < 0) continue; // files come from the disk then
        bare.push(own);
        times.push(ms - own);
      }
    }
    const rows = kinds.map(({ what, args, times }) => {
      const p95 = at(times, 0.95);
      const isLimited = args[0] === proxy;
      return {
        what,
        'p50 ms': Math.round(at(times, 0.5)),
        'p95 ms': Math.round(p95),
        'most ms': Math.round(at(times, 1)),
        limit: isLimited ? LIMIT_MS : '',
        reached: isLimited ? (p95 <= LIMIT_MS ? 'yes' : 'no') : '',
      };
    });
    const cpu = /model name\s*: (.*)/.exec(await readFile('/proc/cpuinfo', 'utf8').catch(() => ''));
    console.table(rows);
    console.log(
      `Beyond Node's own start of ${Math.round(at(bare, 0.5))} ms (p95 ${Math.round(at(bare, 0.95))}), ${ROUNDS} times each. ` +
        `${os.cpus().length} cores (${cpu?.[1].trim() ?? os.arch()}), load ${load} before and ${os.loadavg()[0].toFixed(1)} after, ` +
        `Node ${process.versions.node}, ${new Date().toISOString().slice(0, 10)}.`,
    );
    return rows.some(({ reached }) => reached === 'no') ? 1 : 0;
  } finally {
    for (const stop of stops.toReversed()) await stop();
  }
});
