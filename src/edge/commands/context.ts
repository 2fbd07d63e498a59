// What every command that asks a running edge is given.
import { userInfo } from 'node:os';
import type { Call } from '../administration/control-client.ts';
import type { Print } from '../print.ts';
import type { Arguments } from './arguments.ts';

export interface Context {
  arguments: Arguments;
  call: Call;
  print: Print;
  /** Who asks, for the audit. */
  by: string;
}

export type Command = (context: Context) => Promise<void>;

/** A command has as many as the table says. */
export const positional = ({ arguments: { positionals } }: Context, index = 0): string =>
  positionals[index] ?? '';

export function callerName(environment: NodeJS.ProcessEnv): string {
  if (environment['SUDO_USER']) return environment['SUDO_USER'];
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? '?'}`; // a container whose account has no name
  }
}
