// The rows of the table (the numbers that are to be reached) and the runs they are read from.
import { TARGETS } from './services.mjs';

/**
 * @typedef {object} Run one thing that is done to a candidate
 * @property {string} title
 * @property {'flow' | 'idle' | 'link' | 'delay'} kind flow: load on a running candidate; idle: memory of a fresh one;
 *   link: over the delayed link; delay: event loop of our own process
 * @property {string[]} load arguments of native/load.c
 * @property {keyof typeof import('./services.mjs').SERVICES} port
 * @property {string[]} [quickWithout] candidates that --quick leaves out
 */

const OTHERS = ['haproxy', 'nginx', 'engine-own'];

/** @type {Record<string, Run>} */
export const RUNS = {
  down: { title: 'bulk down, 1 stream', kind: 'flow', load: ['down', '-n', '1'], port: 'generate' },
  up: { title: 'bulk up, 1 stream', kind: 'flow', load: ['up', '-n', '1'], port: 'discard' },
  down50: {
    title: 'bulk down, 50 streams',
    kind: 'flow',
    load: ['down', '-n', '50'],
    port: 'generate',
    quickWithout: OTHERS,
  },
  up50: {
    title: 'bulk up, 50 streams',
    kind: 'flow',
    load: ['up', '-n', '50'],
    port: 'discard',
    quickWithout: OTHERS,
  },
  'down-chain': {
    title: 'bulk down by CHAIN, 1 stream',
    kind: 'flow',
    load: ['down', '-n', '1', '-c', TARGETS.generate],
    port: 'connect',
    quickWithout: OTHERS,
  },
  'up-chain': {
    title: 'bulk up by CHAIN, 1 stream',
    kind: 'flow',
    load: ['up', '-n', '1', '-c', TARGETS.discard],
    port: 'connect',
    quickWithout: OTHERS,
  },
  rate: {
    title: 'new connections, TCP, 8 at a time',
    kind: 'flow',
    load: ['rate', '-n', '8'],
    port: 'echo',
  },
  chain: {
    title: 'new tunnels, CHAIN, 8 at a time',
    kind: 'flow',
    load: ['rate', '-n', '8', '-c', TARGETS.echo],
    port: 'connect',
    quickWithout: OTHERS,
  },
  ping: {
    title: 'round trip on an open connection',
    kind: 'flow',
    load: ['ping', '-n', '1'],
    port: 'echo',
  },
  delay: {
    title: 'event-loop delay during bulk',
    kind: 'delay',
    load: [],
    port: 'generate',
    quickWithout: OTHERS,
  },
  idle: {
    title: '5,000 idle tunnels, TCP',
    kind: 'idle',
    load: ['open', '-n', '5000'],
    port: 'echo',
    quickWithout: [...OTHERS, 'naive'],
  },
  'idle-chain': {
    title: '5,000 idle tunnels, CHAIN',
    kind: 'idle',
    load: ['open', '-n', '5000', '-c', TARGETS.echo],
    port: 'connect',
    quickWithout: [...OTHERS, 'naive'],
  },
  link: {
    title: 'first byte over a link of 50 ms',
    kind: 'link',
    load: [],
    port: 'connect',
    quickWithout: [...OTHERS, 'naive'],
  },
};

/**
 * @typedef {object} Row
 * @property {string} id
 * @property {string} title
 * @property {string} unit
 * @property {keyof typeof RUNS} run
 * @property {(result: any) => number} value
 * @property {string | null} base the candidate it is compared with; null: the value itself counts
 * @property {'more' | 'less'} better
 * @property {number | null} reach
 * @property {number | null} goFor
 */

const mbPerSecond = (result) => result.mbPerSecond;
const cpuPerGb = (result) => result.cpuSecondsPerGb;
const perSecond = (result) => result.perSecond;
const kbPerTunnel = (result) => result.kbPerTunnel;
const atLeast = (reach, goFor) => ({ better: 'more', reach, goFor });
const atMost = (reach, goFor) => ({ better: 'less', reach, goFor });
const noGoal = { better: 'more', reach: null, goFor: null };
const toStunnel = { base: 'stunnel' };
const toNaive = { base: 'naive' };
const itself = { base: null };

/** @type {Row[]} */
export const ROWS = [
  {
    id: 'down',
    title: 'bulk down, 1 stream',
    unit: 'MB/s',
    run: 'down',
    value: mbPerSecond,
    ...toStunnel,
    ...atLeast(1.2, 1.5),
  },
  {
    id: 'up',
    title: 'bulk up, 1 stream',
    unit: 'MB/s',
    run: 'up',
    value: mbPerSecond,
    ...toStunnel,
    ...atLeast(1.8, 2.2),
  },
  {
    id: 'down50',
    title: 'bulk down, 50 streams',
    unit: 'MB/s',
    run: 'down50',
    value: mbPerSecond,
    ...toStunnel,
    ...atLeast(1.2, 1.5),
  },
  {
    id: 'up50',
    title: 'bulk up, 50 streams',
    unit: 'MB/s',
    run: 'up50',
    value: mbPerSecond,
    ...toStunnel,
    ...atLeast(1.7, 2),
  },
  {
    id: 'down-chain',
    title: 'bulk down, CHAIN',
    unit: 'MB/s',
    run: 'down-chain',
    value: mbPerSecond,
    ...toNaive,
    ...noGoal,
  },
  {
    id: 'up-chain',
    title: 'bulk up, CHAIN',
    unit: 'MB/s',
    run: 'up-chain',
    value: mbPerSecond,
    ...toNaive,
    ...noGoal,
  },
  {
    id: 'cpu-down',
    title: 'CPU, bulk down',
    unit: 's/GB',
    run: 'down',
    value: cpuPerGb,
    ...toStunnel,
    ...atMost(0.75, 0.6),
  },
  {
    id: 'cpu-up',
    title: 'CPU, bulk up',
    unit: 's/GB',
    run: 'up',
    value: cpuPerGb,
    ...toStunnel,
    ...atMost(0.45, 0.38),
  },
  {
    id: 'rate',
    title: 'new connections, TCP',
    unit: '/s',
    run: 'rate',
    value: perSecond,
    ...toStunnel,
    ...atLeast(0.95, 1.2),
  },
  {
    id: 'cpu-rate',
    title: 'CPU per new connection',
    unit: 'ms',
    run: 'rate',
    value: (result) => result.cpuMs,
    ...toStunnel,
    ...atMost(1.15, 1),
  },
  {
    id: 'chain',
    title: 'new tunnels, CHAIN',
    unit: '/s',
    run: 'chain',
    value: perSecond,
    ...toNaive,
    ...atLeast(1.5, 3),
  },
  {
    id: 'ping-p50',
    title: 'round trip, p50',
    unit: 'us',
    run: 'ping',
    value: (result) => result.p50Us,
    ...toStunnel,
    ...atMost(1.05, 0.9),
  },
  {
    id: 'ping-p99',
    title: 'round trip, p99',
    unit: 'us',
    run: 'ping',
    value: (result) => result.p99Us,
    ...toStunnel,
    ...atMost(1.15, 1),
  },
  {
    id: 'idle',
    title: 'idle tunnel, TCP',
    unit: 'kB',
    run: 'idle',
    value: kbPerTunnel,
    ...toStunnel,
    ...atMost(0.65, 0.5),
  },
  {
    id: 'idle-chain',
    title: 'idle tunnel, CHAIN',
    unit: 'kB',
    run: 'idle-chain',
    value: kbPerTunnel,
    ...toStunnel,
    ...atMost(0.3, 0.2),
  },
  {
    id: 'first',
    title: 'first byte, 50 ms link (RTT)',
    unit: 'RTT',
    run: 'link',
    value: (result) => result.firstRtt,
    ...itself,
    ...atMost(1.1, 1.04),
  },
  {
    id: 'burst',
    title: 'worst of a burst of 32 (RTT)',
    unit: 'RTT',
    run: 'link',
    value: (result) => result.burstWorstRtt,
    ...itself,
    ...atMost(1.4, 1.2),
  },
  {
    id: 'delay',
    title: 'event-loop delay, p99 (ms)',
    unit: 'ms',
    run: 'delay',
    value: (result) => result.p99Ms,
    ...itself,
    ...atMost(20, 5),
  },
];
