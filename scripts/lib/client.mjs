// Drives the built `banyan` as a child process, as a script of somebody would: by --json.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { approveSignIn } from './approve-sign-in.mjs';
import { program } from './prepare.mjs';
import { PlainError } from './steps.mjs';

/** `banyan … --json` in an environment: its events as they come, and its one result. @param {NodeJS.ProcessEnv} env */
export const banyanWith =
  (env) =>
  (...args) =>
    runBanyan(args, env);

function runBanyan(args, env) {
  const child = spawn(process.execPath, [program('banyan'), ...args, '--json'], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (text) => (output += text));
  const events = createInterface({ input: child.stderr });
  const result = new Promise((resolve, reject) => {
    child.on('close', () => {
      const answer = parse(output);
      if (answer?.ok) return resolve(answer);
      reject(new PlainError(answer?.error?.message ?? `banyan ${args[0]} gave no answer`));
    });
  });
  return { events, result };
}

/** Approves on the same pages that a browser would show. @param {ReturnType<typeof banyanWith>} banyan @param {import('./approve-sign-in.mjs').SignInAnswers} [answers] */
export function signIn(banyan, answers = {}) {
  const { events, result } = banyan('login', '--no-browser');
  const approved = new Promise((resolve, reject) => {
    events.on('line', (line) => {
      const event = parse(line);
      if (event?.event === 'sign-in-page') approveSignIn(event.url, answers).then(resolve, reject);
    });
  });
  // Whichever fails first is the story; the approval alone is not the end of it.
  return Promise.race([result, approved.then(() => result)]);
}

/** Without a window; ends with this process. @param {NodeJS.ProcessEnv} env */
export async function startClient(env) {
  const child = spawn(process.execPath, [program('banyan'), 'up', '--json', '--exit-with-parent'], {
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  let complaints = '';
  child.stderr.on('data', (text) => (complaints += text));
  const exited = new Promise((resolve) => child.on('close', resolve));
  const ready = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', (line) => {
      const answer = parse(line);
      if (answer?.ok) resolve(answer);
      else reject(new PlainError(answer?.error?.message ?? line));
    });
    void exited.then(() => reject(new PlainError(complaints.trim() || 'the client ended at once')));
  });
  return {
    ready,
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

export function parse(line) {
  try {
    return JSON.parse(line);
  } catch {
    return null; // a line for people, not for us
  }
}
