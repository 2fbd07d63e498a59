// The Chromium behind the windows: its own throw-away profile, and an end that cannot be missed.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { DevTools } from './devtools.ts';

const SWITCHES = [
  '--headless',
  '--no-sandbox', // tests also run as root, in containers; nothing from elsewhere is ever shown
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-extensions',
  '--disable-breakpad',
  '--disable-crash-reporter',
  '--disable-dev-shm-usage',
  // A mouse that can rest on things, as a computer with a desktop has: none is looked for where nothing is shown.
  '--blink-settings=primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4',
  '--password-store=basic',
  '--no-startup-window',
  '--remote-debugging-pipe', // for us
  '--remote-debugging-port=0', // for Playwright
];

export function startChromium(): DevTools {
  const executable = process.env['BANYAN_CHROMIUM'] ?? '/usr/bin/chromium';
  const profile = mkdtempSync(path.join(tmpdir(), 'electron-host-'));
  const child = spawn(executable, [...SWITCHES, `--user-data-dir=${profile}`], {
    // A process group of its own, so that all of it can be ended at once.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
  });
  keep(child, profile);
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    for (const line of text.split('\n')) {
      // Playwright waits for this line.
      if (line.startsWith('DevTools listening')) process.stderr.write(`${line}\n`);
    }
  });
  child.once('error', (error) => giveUp(`${executable} could not be started: ${error.message}`));
  child.once('exit', () => giveUp('Chromium has ended'));
  const [, , , output, input] = child.stdio;
  return new DevTools(output as Writable, input as Readable);
}

function giveUp(why: string): never {
  process.stderr.write(`electron-host: ${why}\n`);
  process.exit(1);
}

/** A shell that waits for our end, of whatever kind, SIGKILL too, and cleans up then. */
function keep({ pid }: ChildProcess, profile: string): void {
  const script =
    // Twice: a process that is just being killed may still write into the folder.
    'read _; kill -KILL -- "-$1"; sleep 0.3; rm -rf "$2"; sleep 1; rm -rf "$2"';
  const keeper = spawn('/bin/sh', ['-c', script, 'electron-host-keeper', String(pid), profile], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  keeper.unref();
}
