// A password for somebody: typed without being shown, or the first line of standard input. Never an argument, which every
// program of the computer could read.
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { Writable } from 'node:stream';
import { usage } from './arguments.ts';

export async function readPassword(): Promise<string> {
  if (!process.stdin.isTTY) {
    const [line = ''] = (await text(process.stdin)).split(/\r?\n/);
    if (line === '') throw usage('The password is expected as the first line of standard input.');
    return line;
  }
  const password = await typed('Password: ');
  if ((await typed('Once more: ')) === password) return password;
  throw usage('The two are not the same; nothing was changed.');
}

function typed(question: string): Promise<string> {
  process.stderr.write(question);
  // Line editing without the line.
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: true });
  return new Promise<string>((resolve, reject) => {
    terminal.once('SIGINT', () => terminal.close());
    terminal.once('close', () => reject(usage('Nothing was changed.')));
    terminal.question('', (answer) => {
      resolve(answer);
      terminal.close();
    });
  }).finally(() => process.stderr.write('\n'));
}
