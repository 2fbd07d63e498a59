// One interleaved run: every round starts all candidates, and takes each measurement from one after the other, so that
// what is compared was measured seconds apart; the order turns round each time (A B, B A).
import { PlainError } from '../lib/steps.mjs';
import { whatIsLost } from './integrity.mjs';
import { RUNS } from './rows.mjs';
import { TARGETS } from './services.mjs';

/** Memory and the link do not need many rounds: they hardly vary. */
const SLOW_ROUNDS = 2;
const LINK_COUNT = { quick: 8, full: 15 };
/** How long one measurement may take on a busy machine. */
const TAKES_MS = { flow: 3_000, delay: 4_000, link: 15_000, idle: 35_000 };

/**
 * @param {object} parts
 * @param {ReturnType<typeof import('./workbench.mjs').createWorkbench>} parts.bench
 * @param {import('./candidates.mjs').Candidate[]} parts.candidates
 * @param {import('./options.mjs').Options} parts.options
 * @param {boolean} parts.hasLink
 * @param {() => number} parts.leftMs what would take longer is not begun
 * @param {(text: string) => void} parts.note
 * @param {(text: string) => void} parts.progress
 * @returns {Promise<import('./report.mjs').Measurement[]>}
 */
export async function measure(parts) {
  const { bench, options, note, progress, leftMs } = parts;
  let { candidates } = parts;
  const measurements = [];
  const skipped = new Set();

  const take = async (run, round, candidate, body) => {
    if (leftMs() < TAKES_MS[RUNS[run].kind]) {
      skipped.add(`${RUNS[run].title} (${candidate.title})`);
      return;
    }
    const startedAt = performance.now();
    progress(`round ${round + 1} of ${options.rounds}: ${RUNS[run].title}, ${candidate.title}`);
    const result = await body().catch((error) => ({ failed: error.message }));
    if (result.failed) note(`${candidate.title}, ${RUNS[run].title}: ${result.failed.trim()}.`);
    const tookMs = Math.round(performance.now() - startedAt);
    measurements.push({ run, round, candidate: candidate.id, tookMs, result });
  };
  const wants = (run, { id }) => !(options.quick && RUNS[run].quickWithout?.includes(id));
  const runsOf = (...kinds) => options.runs.filter((run) => kinds.includes(RUNS[run].kind));

  const inOrder = (round, list) => (round % 2 ? list.toReversed() : list);

  const takeFlows = async (round, tier) => {
    const running = [];
    for (const candidate of candidates) {
      const each = await startOrTell(bench, candidate, note);
      if (each) running.push(each);
    }
    if (round === 0) {
      progress('are the bytes right?');
      await dropWrongOnes(running, note);
      candidates = running.map(({ candidate }) => candidate);
    }
    for (const run of runsOf('flow', 'delay')) {
      const isDelay = RUNS[run].kind === 'delay';
      for (const each of inOrder(round, running)) {
        if (!wants(run, each.candidate) || (isDelay && !each.candidate.isOurs)) continue;
        await take(run, round, each.candidate, () =>
          isDelay ? bench.delay(each) : withHandshakes(tier, () => bench.flow(each, RUNS[run])),
        );
      }
    }
    await Promise.all(running.map(({ child }) => child.stop()));
  };

  const takeLink = (round) =>
    bench.withLink(async (host) => {
      const count = options.quick ? LINK_COUNT.quick : LINK_COUNT.full;
      for (const candidate of inOrder(round, candidates)) {
        if (!wants('link', candidate)) continue;
        await take('link', round, candidate, () =>
          alone(bench, candidate, { host }, (each) => bench.link(each, count)),
        );
      }
    });

  const takeIdle = async (round) => {
    for (const run of runsOf('idle')) {
      for (const candidate of inOrder(round, candidates)) {
        if (!wants(run, candidate)) continue;
        await take(run, round, candidate, () =>
          alone(bench, candidate, {}, (each) => bench.idle(each, RUNS[run])),
        );
      }
    }
  };

  for (let round = 0; round < options.rounds; round += 1) {
    // The last rounds: should time run out, the steady rows have been measured.
    const isSlowRound = round >= options.rounds - (options.quick ? 1 : SLOW_ROUNDS);
    const tier = await bench.startTier();
    await takeFlows(round, tier);
    if (isSlowRound && parts.hasLink && runsOf('link').length > 0) await takeLink(round);
    if (isSlowRound) await takeIdle(round);
    await tier.stop();
  }
  if (skipped.size > 0) note(`Left out, to end in time: ${[...skipped].join(', ')}.`);
  return measurements;
}

/** A peer that does not start is told and left out; without our own engine there is nothing to compare. */
async function startOrTell(bench, candidate, note) {
  try {
    return await bench.startCandidate(candidate);
  } catch (error) {
    if (candidate.isOurs) throw error;
    note(`${candidate.title} is left out: ${error.message.trim()}.`);
    return null;
  }
}

async function alone(bench, candidate, where, body) {
  const each = await bench.startCandidate(candidate, where);
  try {
    return await body(each);
  } finally {
    await each.child.stop();
  }
}

/** How many handshakes of this measurement were resumed ones, as the tier saw them. */
async function withHandshakes(tier, body) {
  const count = async () => {
    tier.signal('SIGUSR1');
    const [, full, resumed] = /full=(\d+) resumed=(\d+)/.exec(await tier.line());
    return { full: Number(full), resumed: Number(resumed) };
  };
  await count();
  const result = await body();
  return { ...result, handshakes: await count() };
}

/** A candidate that loses or changes bytes is not compared. Removes it from the list. */
async function dropWrongOnes(running, note) {
  for (const each of running.slice()) {
    const { candidate, ports, child } = each;
    const whole =
      (await whatIsLost(ports.echo, { halfClose: false })) ??
      (await whatIsLost(ports.connect, { halfClose: false, target: TARGETS.echo }));
    const half =
      (await whatIsLost(ports.echo, { halfClose: true })) ??
      (await whatIsLost(ports.connect, { halfClose: true, target: TARGETS.echo }));
    if (half && !whole) note(`${candidate.title} loses data on half-close: ${half}.`);
    if (!whole && (!half || candidate.losesHalfClose)) continue;
    note(`${candidate.title} is left out: ${whole ?? half}. ${child.complaints().slice(-300)}`);
    await child.stop();
    running.splice(running.indexOf(each), 1);
    if (candidate.isOurs) throw new PlainError(`${candidate.title} loses data: ${whole ?? half}.`);
  }
}
