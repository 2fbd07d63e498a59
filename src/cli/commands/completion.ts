// banyan completion bash|zsh|fish
import { usage } from '../banyan-arguments.ts';
import { completionScript } from '../completion-scripts.ts';
import type { Command } from '../context.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

export const completion: Command = ({ print, arguments: { positionals } }) => {
  const shell = SHELLS.find((name) => name === positionals[0]);
  if (!shell) throw usage(`"${positionals[0] ?? ''}" is none of ${SHELLS.join(', ')}.`);
  const script = completionScript(shell);
  print.result({ shell, script }, script.split('\n'));
  return Promise.resolve();
};
