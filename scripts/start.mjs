// `npm start`: builds, starts the demo organisation on this machine, and opens the app on it.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { startDemoEdge } from './lib/edge.mjs';
import { onInterrupted } from './lib/interrupted.mjs';
import { ensureBuild, ensurePackages, program, ROOT } from './lib/prepare.mjs';
import { main, run, step } from './lib/steps.mjs';
import { throwAwayFolder } from './lib/throw-away.mjs';

const ELECTRON_DEADLINE_MS = 60_000;
const electronFolder = path.join(ROOT, 'node_modules', 'electron');
const electronBinary = path.join(
  electronFolder,
  'dist',
  process.platform === 'darwin'
    ? 'Electron.app/Contents/MacOS/Electron'
    : process.platform === 'win32'
      ? 'electron.exe'
      : 'electron',
);

/** Why the app opens as a browser tab, or null when Electron can show it. @returns {Promise<string | null>} */
async function whyNoElectron() {
  if (process.getuid?.() === 0) return 'Electron does not run as root';
  if (process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) {
    return 'there is no display';
  }
  if (existsSync(electronBinary)) return null;
  try {
    await step('Fetching Electron (about 110 MB, once)', () =>
      run(process.execPath, [path.join(electronFolder, 'install.js')], {
        signal: AbortSignal.timeout(ELECTRON_DEADLINE_MS),
      }),
    );
  } catch {
    // The step has said that it failed; a browser tab shows the same window.
  }
  return existsSync(electronBinary) ? null : "Electron's binary could not be fetched";
}

/** Until there is an app that can be closed, what runs is ended with this process. */
let interrupt = () => process.exit(130);
onInterrupted(() => interrupt());

await main(async () => {
  await ensurePackages();
  await ensureBuild();
  const folder = await throwAwayFolder();
  const env = {
    ...process.env,
    BANYAN_HOME: path.join(folder.path, 'app'),
    BANYAN_SECRETS: 'memory',
  };
  let edge;
  try {
    edge = await step('Starting the demo organisation', () =>
      startDemoEdge(path.join(folder.path, 'edge')),
    );
    const { invite, person, rootFingerprint } = edge.facts;
    const reason = await whyNoElectron();
    say('');
    say(
      `Demo organisation "Demo" on this machine. Nothing leaves it; all of it goes when you press Ctrl-C.`,
    );
    say(`Sign in as ${person.email} (password ${person.password}, filled in for you).`);
    say(`The fingerprint to compare: ${rootFingerprint.match(/.{1,4}/g).join(' ')}`);
    say(`For a terminal: export BANYAN_HOME=${env.BANYAN_HOME}; node out/bin/banyan.js status`);
    say(
      reason === null
        ? 'Opening the app in Electron.'
        : `Opening the app as a browser tab, because ${reason}.`,
    );
    process.once('exit', () => say('Stopped. Nothing of the demo is left.'));
    const app =
      reason === null
        ? spawn(electronBinary, [ROOT, invite], { env, stdio: 'inherit', detached: true })
        : spawn(process.execPath, [program('banyan'), 'ui', invite, '--exit-with-parent'], {
            env,
            stdio: ['pipe', 'inherit', 'inherit'],
            detached: true,
          });
    return await untilClosed(app);
  } finally {
    await edge?.stop();
    await sweep(env);
    await folder.remove();
  }
});

/** @param {import('node:child_process').ChildProcess} app @returns {Promise<number>} */
function untilClosed(app) {
  // The app has a process group of its own, so that Ctrl-C reaches it once, from here, and this process cleans up last.
  interrupt = () => app.kill('SIGTERM');
  // Enter asks the app for a new address.
  if (app.stdin) process.stdin.on('data', (text) => app.stdin.write(text));
  process.stdin.unref?.();
  return new Promise((resolve) =>
    app.on('close', (code, signal) => {
      if (signal === 'SIGKILL' || code) say(`The app has ended unasked (${signal ?? code}).`);
      resolve(signal ? 0 : (code ?? 0));
    }),
  );
}

/** What the app was asked to put into files of the person's own would name a folder that is gone: a client sweeps as it starts. */
function sweep(env) {
  const client = spawn(process.execPath, [program('banyan'), 'unregister', '--yes'], {
    env,
    stdio: 'ignore',
    detached: true,
  });
  return new Promise((resolve) => client.on('close', resolve).on('error', resolve));
}

function say(text) {
  process.stdout.write(`${text}\n`);
}
