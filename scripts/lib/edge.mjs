// Starts the built demo organisation as a child process that dies with this one.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { PlainError } from './steps.mjs';
import { program } from './prepare.mjs';

/**
 * @typedef {{ organisation: string, invite: string, rootFingerprint: string, browserOrigin: string, accessTier: string,
 *   person: { email: string, password: string }, lab: { allowed: string[], denied: string[] } }} DemoFacts
 */

/** @param {string} data its own, throw-away folder @returns {Promise<{ facts: DemoFacts, stop: () => Promise<void> }>} */
export async function startDemoEdge(data) {
  const child = spawn(
    process.execPath,
    [program('banyan-edge'), 'demo', '--json', '--exit-with-parent', '--data', data],
    // Its standard input is held open: when this process dies in any way, the edge sees the end and stops.
    // Detached from the terminal's group: Ctrl-C is for whoever started us, who stops us in order.
    { stdio: ['pipe', 'pipe', 'pipe'], detached: true },
  );
  let complaints = '';
  child.stderr.on('data', (text) => (complaints += text));
  const exited = new Promise((resolve) => child.on('close', resolve));
  const facts = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', (line) => resolve(JSON.parse(line)));
    void exited.then(() =>
      reject(
        new PlainError(
          `The demo organisation did not start: ${complaints.trim() || 'no reason given'}`,
        ),
      ),
    );
  });
  return {
    facts,
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
