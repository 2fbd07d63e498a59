// What every command of `banyan` is given, and small things that several of them need.
import { createInterface } from 'node:readline/promises';
import { AppError } from '../shared/errors.ts';
import type { ClientApi, Snapshot } from '../shared/ipc/contract.ts';
import type { Service } from '../shared/model/service.ts';
import type { BanyanArguments } from './banyan-arguments.ts';
import { closest } from './closest.ts';
import { type Print, printable } from './print.ts';

export interface Context {
  home: string;
  arguments: BanyanArguments;
  print: Print;
  /** Where the built programs are; the window's files are beside it. */
  programFolder: string;
}

/** What it ends with, where that is not 0 for a result that was printed. */
export type Command = (context: Context) => Promise<void | 1>;

export const snapshotOf = (client: ClientApi): Promise<Snapshot> => client.call('app.snapshot', {});

/** The first Ctrl-C or SIGTERM asks to stop; a second one no longer asks. */
export function untilInterrupted({ withParent = false } = {}): Promise<void> {
  return new Promise((resolve) => {
    // However a parent ends, even killed, its end of our standard input closes.
    if (withParent) process.stdin.once('close', () => resolve()).resume();
    const onSignal = (): void => {
      process.once('SIGINT', () => process.exit(130));
      process.once('SIGTERM', () => process.exit(143));
      resolve();
    };
    process.once('SIGINT', onSignal);
    process.once('SIGTERM', onSignal);
  });
}

/** A yes at the terminal; without one only --yes counts. */
export async function confirm(context: Context, question: string): Promise<void> {
  if (context.arguments.values['yes']) return;
  const answer = await ask(context, `${question} [y/N] `, '--yes to say yes');
  if (/^y(es)?$/i.test(answer.trim())) return;
  throw new AppError('usage/declined', 'Nothing was changed.');
}

/** Words that only a person can give; for programs there is an option instead. */
export async function ask({ arguments: { values } }: Context, question: string, option: string) {
  if (!process.stdin.isTTY || !process.stderr.isTTY || values['json']) {
    throw new AppError('usage/invalid-input', `Nobody can be asked here: use ${option}.`);
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    // Ctrl-C and Ctrl-D answer too: a question that nobody answers would never end.
    const left = new Promise<string>((resolve) => {
      terminal.once('SIGINT', () => terminal.close()).once('close', () => resolve('\n'));
    });
    const answer = await Promise.race([terminal.question(printable(question)), left]);
    if (answer !== '\n') return answer;
    process.stderr.write(answer); // what is said next is no answer of hers
    return '';
  } finally {
    terminal.close();
  }
}

/** By id, name or friendly name, from a list that is current. */
export async function findService(client: ClientApi, wanted: string): Promise<Service> {
  const { slices } = await snapshotOf(client);
  const catalog =
    slices.catalog.status === 'current' ? slices.catalog : await client.call('catalog.refresh', {});
  const { services } = catalog;
  const found =
    services.find(({ id, name }) => id === wanted || name === wanted) ??
    services.find(({ friendlyName }) => friendlyName.toLowerCase() === wanted.toLowerCase());
  if (found) return found;
  const names = services.flatMap(({ name, friendlyName }) => [name, friendlyName]);
  const meant = closest(wanted, names).map((name) => `"${name}"`);
  const perhaps = meant.length > 0 ? ` Did you mean ${meant.join(' or ')}?` : '';
  throw new AppError(
    'catalog/service-not-found',
    `There is no service "${wanted}" for you.${perhaps}`,
  );
}
