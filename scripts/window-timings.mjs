// `node scripts/window-timings.mjs`: how fast the window answers, in headless Chromium. The built page with a client that answers
// by heart: frames while 10,000 lines of log are followed, filtered and scrolled, and the palette at 2,000 services.
// And the built app under the stand-in for Electron with an edge of its own: its start, Connect, and its memory; the heap of the
// page over hours, whose clock is turned. See docs/window-timings.md. Longer than other files because each measurement needs the
// functions that run in the page beside it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';
import { createServer, runnerImport } from 'vite';
import { approveSignIn } from './lib/approve-sign-in.mjs';
import { ensureBrowser } from './lib/browser.mjs';
import { ensureBuild, ROOT } from './lib/prepare.mjs';
import { main, PlainError } from './lib/steps.mjs';
import { buildWindow, serveWindow } from './lib/window-page.mjs';

const LINES = 10_000;
/** So many are written between two questions of the window, which asks once a second. */
const LINES_A_SECOND = 200;
const FRAME_LIMIT_MS = 32;
const ANSWER_LIMIT_MS = 50;
const START_LIMIT_MS = 1_000;
const CONNECT_LIMIT_MS = 200;

const STARTED_TIMES = 5;
const LONGEST_START_MS = 5_000;
/** Of the heap, in an hour; one before it has filled what is kept on purpose. */
const GROWTH_LIMIT_PERCENT = 10;

/** Runs in the page before anything else. With `traffic` every open tunnel carries more each second. */
function client({ snapshot, lines, linesASecond, traffic }) {
  const startedAt = performance.now();
  const written = () =>
    lines + Math.floor(((performance.now() - startedAt) / 1_000) * linesASecond);
  const line = (number) => ({
    number,
    at: Date.UTC(2026, 0, 1) + number * 100,
    level: number % 50 === 0 ? 'error' : number % 7 === 0 ? 'warn' : 'info',
    message: `a connection was closed after its backend had sent everything (${number})`,
    service: `${number % 2 === 0 ? 'ledger' : 'bastion'}.cluster1.bnn`,
    facts: `connection=${number} bytesSent=${number * 17} bytesReceived=${number * 31}`,
  });
  const answers = {
    'app.snapshot': () => snapshot,
    'activity.log': ({ after }) => {
      const newest = written();
      const first = Math.max(after + 1, newest - lines + 1);
      const count = Math.min(1_000, newest - first + 1);
      return { lines: Array.from({ length: count }, (_, index) => line(first + index)), newest };
    },
  };
  const call = (name) => (input) =>
    name in answers
      ? Promise.resolve({ ok: true, value: answers[name](input) })
      : new Promise(() => {});
  const group = (name) => new Proxy({}, { get: (_, verb) => call(`${name}.${String(verb)}`) });
  function subscribe(tell) {
    let revision = 1_000;
    const { tunnels } = snapshot.slices;
    const more = (state, seconds) => ({
      ...state,
      traffic: {
        connections: seconds,
        bytesSent: seconds * 4_000,
        bytesReceived: seconds * 90_000,
      },
    });
    const timer = setInterval(() => {
      revision += 1;
      const states = Object.entries(tunnels.states).map(([id, state]) => [
        id,
        state.status === 'open' ? more(state, revision) : state,
      ]);
      tell('tunnels.changed', {
        revision,
        value: { ...tunnels, states: Object.fromEntries(states) },
      });
    }, 1_000);
    return () => clearInterval(timer);
  }
  window.client = new Proxy(
    {},
    {
      get: (_, name) =>
        name === 'subscribe' ? (traffic ? subscribe : () => () => {}) : group(String(name)),
    },
  );
}

/** Runs in the page: the times between frames while `move` is done again and again. */
function frames({ move, forMs, scroller = '.virtual-list' }) {
  const moves = {
    nothing: () => {},
    scroll: (at) => {
      const list = document.querySelector(scroller);
      const way = list.scrollHeight - list.clientHeight;
      // Two thirds of the list and back within three seconds, past what has been drawn before.
      list.scrollTop = way - (Math.abs(((at / 1_500 + 1) % 2) - 1) * way * 2) / 3;
    },
  };
  return new Promise((resolve) => {
    const gaps = [];
    const startedAt = performance.now();
    let last = startedAt;
    requestAnimationFrame(function next() {
      const now = performance.now();
      gaps.push(now - last);
      last = now;
      moves[move](now - startedAt);
      if (now - startedAt < forMs) requestAnimationFrame(next);
      else resolve(gaps);
    });
  });
}

/** Runs in the page: from an input to the frame in which its result has been painted. */
function typed({ selector, text, result }) {
  return new Promise((resolve) => {
    const field = document.querySelector(selector);
    const before = document.querySelector(result)?.textContent;
    const startedAt = performance.now();
    // Past React's own property, which would hide the change from it.
    Reflect.set(HTMLInputElement.prototype, 'value', text, field);
    field.dispatchEvent(new InputEvent('input', { bubbles: true }));
    requestAnimationFrame(() => {
      setTimeout(() =>
        resolve({
          ms: performance.now() - startedAt,
          isChanged: document.querySelector(result)?.textContent !== before,
        }),
      );
    });
  });
}

const percentile = (values, share) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))];

const row = (what, values, limit) => ({
  what,
  count: values.length,
  'p50 ms': percentile(values, 0.5).toFixed(1),
  'p95 ms': percentile(values, 0.95).toFixed(1),
  'most ms': Math.max(...values).toFixed(1),
  'limit (p95)': limit,
  reached: percentile(values, 0.95) <= limit ? 'yes' : 'no',
});

async function measureLog(open, snapshot) {
  const page = await open(snapshot);
  await page.getByRole('button', { name: 'Activity' }).click();
  await page.getByText('Log', { exact: true }).click();
  await page.getByText(`${LINES} lines`).waitFor();
  const idle = await page.evaluate(frames, { move: 'nothing', forMs: 5_000 });
  const filtering = page.evaluate(frames, { move: 'nothing', forMs: 6_000 });
  for (const level of ['Errors', 'Warnings and errors', 'Everything', 'Errors', 'Everything']) {
    await page.getByLabel('Importance').selectOption({ label: level });
    await page.waitForTimeout(600);
  }
  const filtered = await filtering;
  const scrolled = await page.evaluate(frames, { move: 'scroll', forMs: 6_000 });
  await page.close();
  return [
    row(`following ${LINES} lines, ${LINES_A_SECOND} more a second`, idle, FRAME_LIMIT_MS),
    row('filtering them by level, 5 times', filtered, FRAME_LIMIT_MS),
    row('scrolling them, two thirds there and back', scrolled, FRAME_LIMIT_MS),
  ];
}

/** Every service connected and carrying something: the list is told so once a second, the most it ever is. */
async function measureServices(open, snapshot) {
  const busy = structuredClone(snapshot);
  const { catalog, tunnels } = busy.slices;
  tunnels.states = Object.fromEntries(
    catalog.services.map(({ id }, index) => [
      id,
      {
        status: 'open',
        address: { host: '127.0.0.1', port: 10_000 + index },
        openedAt: 0,
        traffic: { connections: 1, bytesSent: 1_000, bytesReceived: 1_000 + index },
      },
    ]),
  );
  const page = await open(busy, true);
  await page.locator('.row-traffic').first().waitFor();
  const scroller = '.services-main';
  const idle = await page.evaluate(frames, { move: 'nothing', forMs: 6_000, scroller });
  const scrolled = await page.evaluate(frames, { move: 'scroll', forMs: 6_000, scroller });
  await page.close();
  const usual = await open(connected(snapshot));
  const usually = await usual.evaluate(frames, { move: 'scroll', forMs: 6_000, scroller });
  await usual.close();
  return [
    row('2,000 services that all carry bytes', idle, FRAME_LIMIT_MS),
    row('scrolling them, two thirds there and back', scrolled, FRAME_LIMIT_MS),
    row('the same, 20 of the 2,000 connected', usually, FRAME_LIMIT_MS),
  ];
}

/** Of 2,000 services, by every letter as fast as they are typed: in the palette and in the list itself. */
async function measureTyping(open, snapshot) {
  const palette = await open(snapshot);
  await palette.keyboard.press('Control+k');
  await palette.locator('.palette-field').waitFor();
  const inPalette = await typingTimes(palette, '.palette-field', '.palette-list');
  await palette.close();
  const list = await open(snapshot);
  const inList = await typingTimes(list, '[role=searchbox]', '.long-list');
  await list.close();
  return [
    row('palette, a letter to its results, 2,000 services', inPalette, ANSWER_LIMIT_MS),
    row('list, a letter to its results, 2,000 services', inList, ANSWER_LIMIT_MS),
  ];
}

async function typingTimes(page, selector, result) {
  const times = [];
  for (let round = 0; round < 6; round += 1) {
    for (const text of ['n', 'no', 'nor', 'north', 'north s', 'north ssh', 'ssh', 'east', '']) {
      const { ms, isChanged } = await page.evaluate(typed, { selector, text, result });
      if (!isChanged && (text === 'ssh' || text === 'east'))
        throw new Error(`${selector} did not answer`);
      times.push(ms);
    }
  }
  return times;
}

async function measureStart(open, snapshot) {
  const times = [];
  for (let round = 0; round < 8; round += 1) {
    const page = await open(snapshot);
    times.push(await page.evaluate(() => window.firstRowAt));
    await page.close();
  }
  return [row('page opened to first row shown, 200 services', times, START_LIMIT_MS)];
}

/** Runs in the page: from a click on Connect to the port that listens, as the window is told of it. */
function clicked(name) {
  const press = (label) =>
    [...document.querySelectorAll('button')]
      .find((button) => button.getAttribute('aria-label') === `${label} ${name}`)
      ?.click();
  const shown = (label) =>
    new Promise((resolve) => {
      const look = () =>
        document.querySelector(`button[aria-label="${label} ${name}"]`)
          ? resolve()
          : setTimeout(look);
      look();
    });
  return (async () => {
    await shown('Connect');
    const startedAt = performance.now();
    press('Connect');
    await shown('Disconnect');
    while (!/127\.0\.0\.1:\d+/.test(document.querySelector('.services-main').textContent)) {
      await new Promise((resolve) => setTimeout(resolve));
    }
    const ms = performance.now() - startedAt;
    press('Disconnect');
    return ms;
  })();
}

/** The heap of the page in MB, collected first. */
async function heapOf(page) {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.enable');
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  return usedSize / 1e6;
}

/** Two hours at the window, of which the second counts: twenty tunnels that carry something each second, pages that are changed, a log that is followed. */
async function measureHeap(browser, url, snapshot) {
  const page = await browser.newPage({ viewport: { width: 1180, height: 760 } });
  await page.clock.install();
  const known = { snapshot, lines: LINES, linesASecond: LINES_A_SECOND, traffic: true };
  await page.addInitScript(client, known);
  await page.goto(url);
  await page.clock.runFor(5_000);
  await page.getByRole('navigation').waitFor();
  const go = (name) => page.getByRole('navigation').getByRole('button', { name }).click();
  const heaps = [];
  for (let minute = 1; minute <= 120; minute += 1) {
    for (const name of ['Activity', 'This device', 'Settings', 'Services']) {
      await go(name);
      await page.clock.runFor(15_000);
    }
    if (minute % 10 === 0) heaps.push(await heapOf(page));
  }
  await page.close();
  const first = heaps[5] ?? 0;
  const last = heaps.at(-1) ?? 0;
  const growth = ((last - first) / first) * 100;
  return {
    'heap every 10 minutes of two hours, MB': heaps.map((each) => each.toFixed(1)).join(' '),
    'growth %': growth.toFixed(1),
    'limit %': GROWTH_LIMIT_PERCENT,
    reached: growth <= GROWTH_LIMIT_PERCENT ? 'yes' : 'no',
  };
}

/** `count` services beside those of the demo, all like its first one. */
function alike({ services: [first], attachments: [attached] }, count) {
  const copy = (document, name) =>
    JSON.parse(
      JSON.stringify(document)
        .replaceAll('"api"', `"${name}"`)
        .replaceAll('api.demo', `${name}.demo`)
        .replaceAll('HTTP API', `Service ${name}`),
    );
  const names = Array.from({ length: count }, (_, index) => `s${String(index).padStart(3, '0')}`);
  return {
    services: names.map((name) => copy(first, name)),
    attachments: names.map((name) => copy(attached, name)),
    roles: [],
    policies: [],
  };
}

/** Resident memory of a process, MB. */
async function residentOf(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1_024;
}

/** As a person starts it: what drives it, and takes its time to, comes when all is over. Milliseconds since the start. */
async function startedAlone(program, env) {
  const startedAt = Date.now();
  const child = spawn(program, [ROOT], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(child, 'exit');
  const address = await new Promise((resolve) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      const [, found] = /^DevTools listening on (.*)/.exec(line) ?? [];
      if (found) resolve(found);
    });
  });
  try {
    await new Promise((resolve) => setTimeout(resolve, LONGEST_START_MS));
    const browser = await chromium.connectOverCDP(address);
    const pages = browser.contexts().flatMap((context) => context.pages());
    const page = pages.find((page) => page.url().includes('banyan-app'));
    // By the page's own clock.
    const times = await page.evaluate(() => ({
      began: performance.timeOrigin,
      firstRow: performance.timeOrigin + window.firstRowAt,
    }));
    await browser.close();
    return { began: times.began - startedAt, firstRow: times.firstRow - startedAt };
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}

/** Started again and again with the session of an earlier start: to the first row of 200 services. */
async function measureStarts(apps, edge, secrets) {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'banyan-timings-'));
  const watcher = path.join(folder, 'watcher.js');
  await writeFile(watcher, `(${String(watchFirstRow)})()`);
  const env = {
    BANYAN_SECRETS: 'keychain',
    DBUS_SESSION_BUS_ADDRESS: secrets.address,
    BANYAN_HOME: path.join(folder, 'home'),
    ELECTRON_HOST_PAGE_SCRIPT: watcher,
  };
  try {
    const first = await apps.openDesktopApp(undefined, env);
    await register(first, edge.invite, 'keychain');
    await first.stop();
    const [rows, begins] = [[], []];
    for (let round = 0; round < STARTED_TIMES; round += 1) {
      const { began, firstRow } = await startedAlone(apps.STAND_IN, { ...process.env, ...env });
      begins.push(began);
      rows.push(firstRow);
    }
    return [
      row('process started to first row, 200 services, session kept', rows, START_LIMIT_MS),
      row('of that, until the page begins', begins, START_LIMIT_MS),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Of the main process, with its window and without. */
async function measureMemory(app) {
  const { pid } = app.electron.process();
  const open = await residentOf(pid);
  await app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0].close());
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  return {
    'main process with its window, MB': open.toFixed(0),
    'without, MB': (await residentOf(pid)).toFixed(0),
  };
}

async function register(app, invite, secrets) {
  await app.page.evaluate(
    ([invite, secrets]) =>
      window.client.device.register({ invite, name: 'timings', ownership: 'Other', secrets }),
    [invite, secrets],
  );
  await app.page.evaluate(() => void window.client.session.signIn({ openBrowser: true }));
  await approveSignIn(await app.openedPage());
  await app.page.getByRole('button', { name: 'Connect Echo' }).waitFor();
}

/** The built app under the stand-in for Electron, with an edge of its own. */
async function measureApp() {
  // These import more as they go along, which a single import by runnerImport does not outlive.
  const vite = await createServer({
    configFile: false,
    root: ROOT,
    appType: 'custom',
    server: { middlewareMode: true, hmr: false, ws: false, watch: null },
    optimizeDeps: { noDiscovery: true },
  });
  const apps = await vite.ssrLoadModule('/test/support/shown-app.ts');
  const edges = await vite.ssrLoadModule('/test/support/start-edge.ts');
  const edge = await edges.startEdge();
  const { demoDocuments } = await vite.ssrLoadModule('/src/edge/demo/documents.ts');
  const { startSecretService } = await vite.ssrLoadModule('/test/support/secret-service.ts');
  const app = await apps.openDesktopApp();
  const secrets = await startSecretService();
  try {
    await register(app, edge.invite, 'memory');
    const times = [];
    for (let round = 0; round < 20; round += 1)
      times.push(await app.page.evaluate(clicked, 'Echo'));
    const connect = row(
      'click on Connect to its address shown, real edge',
      times,
      CONNECT_LIMIT_MS,
    );
    const memory = await measureMemory(app);
    await app.stop();
    const ports = new Proxy({}, { get: () => 9 }); // nobody connects to them
    await edge.edge.apply(alike(demoDocuments({ ports }), 200));
    const second = { ...edge, invite: await edge.edge.createInvite() };
    const starts = await measureStarts(apps, second, secrets);
    return { rows: [...starts, connect], memory };
  } finally {
    await app.stop().catch(() => {}); // it may be over
    secrets.stop();
    await edge.stop();
    await vite.close();
  }
}

/** Twenty of them open. */
function connected(snapshot) {
  const states = snapshot.slices.catalog.services.slice(0, 20).map(({ id }, index) => [
    id,
    {
      status: 'open',
      address: { host: '127.0.0.1', port: 40_000 + index },
      openedAt: Date.now(),
    },
  ]);
  const all = structuredClone(snapshot);
  all.slices.tunnels.states = Object.fromEntries(states);
  return all;
}

/** Runs in the page: when the first row of the list was there. */
function watchFirstRow() {
  new MutationObserver((_, observer) => {
    if (!document.querySelector('.row-open')) return;
    observer.disconnect();
    requestAnimationFrame(() => (window.firstRowAt = performance.now()));
  }).observe(document, { childList: true, subtree: true });
}

await main(async () => {
  const found = await ensureBrowser();
  if ('missing' in found) throw new PlainError(`No browser: ${found.missing}.`);
  await ensureBuild();
  const built = await mkdtemp(path.join(os.tmpdir(), 'banyan-window-timings-'));
  await buildWindow(built);
  const { module } = await runnerImport(path.join(ROOT, 'test/fixtures/window-states.ts'));
  const many = module.windowStates['services-many'].snapshot;
  const few = structuredClone(many);
  few.slices.catalog.services.length = 200;
  const server = await serveWindow(built);
  const browser = await chromium.launch({
    executablePath: found.path,
    args: ['--no-sandbox', '--disable-gpu', '--headless'],
  });
  const open = async (snapshot, traffic = false) => {
    const page = await browser.newPage({ viewport: { width: 1180, height: 760 } });
    await page.addInitScript(watchFirstRow);
    const known = { snapshot, lines: LINES, linesASecond: LINES_A_SECOND, traffic };
    await page.addInitScript(client, known);
    await page.goto(server.url);
    await page.waitForFunction(() => 'firstRowAt' in window);
    return page;
  };
  const load = os.loadavg()[0].toFixed(1);
  try {
    const app = await measureApp();
    const heap = await measureHeap(browser, server.url, connected(few));
    const rows = [
      ...app.rows,
      ...(await measureStart(open, few)),
      ...(await measureTyping(open, many)),
      ...(await measureLog(open, few)),
      ...(await measureServices(open, many)),
    ];
    console.table(rows);
    console.table([heap]);
    console.table([app.memory]);
    if ([...rows, heap].some(({ reached }) => reached === 'no')) process.exitCode = 1;
    const cpu = os.cpus()[0]?.model ?? 'unknown';
    console.log(
      `${os.cpus().length} cores (${cpu.trim()}), load ${load} before and ${os.loadavg()[0].toFixed(1)} after, ` +
        `Chromium ${browser.version()} without a GPU, Node ${process.versions.node}.`,
    );
  } finally {
    await browser.close();
    server.stop();
    await rm(built, { recursive: true, force: true });
  }
});
