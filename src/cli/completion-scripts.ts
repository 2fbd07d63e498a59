// Scripts that complete `banyan` in a shell. They hold the table of commands; names of services they ask for, and get those
// that the running client knows at that moment.
import { NAMES as SETTING_NAMES } from './commands/settings.ts';
import { type CommandFacts, type CommandName, COMMANDS } from './command-table.ts';

const names = Object.keys(COMMANDS) as CommandName[];

/** Words that may follow a command: options, and what its arguments can be. */
function wordsOf(name: CommandName): { words: string[]; takesService: boolean } {
  const facts: CommandFacts = COMMANDS[name];
  const options = Object.keys({ ...facts.options, json: null, help: null });
  const places = [...facts.takes, ...(facts.mayTake ?? [])];
  return {
    words: [
      ...options.map((option) => `--${option}`),
      ...places.flatMap((place) => CHOICES[place] ?? []),
    ],
    takesService: places.includes('service'),
  };
}

/** Of arguments that are one of a few words, by how the table names them. */
const CHOICES: Readonly<Record<string, readonly string[]>> = {
  'on, off or show': ['on', 'off', 'show'],
  'on|off': ['on', 'off'],
  setting: SETTING_NAMES,
  shell: ['bash', 'zsh', 'fish'],
};

const SERVICES = 'banyan services --names 2>/dev/null';

const bash = (): string => `# bash: eval "$(banyan completion bash)"
_banyan() {
  local word="\${COMP_WORDS[COMP_CWORD]}" words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="${names.join(' ')} help"
  else
    case "\${COMP_WORDS[1]}" in
${names
  .map((name) => {
    const { words, takesService } = wordsOf(name);
    const services = takesService ? ` $(${SERVICES})` : '';
    return `      ${name}) words="${words.join(' ')}${services}" ;;`;
  })
  .join('\n')}
      help) words="${names.join(' ')}" ;;
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -F _banyan banyan
`;

/** zsh reads bash's; it only has to be told so. */
const zsh = (): string => `# zsh: eval "$(banyan completion zsh)"
autoload -Uz compinit bashcompinit
(( $+functions[compdef] )) || compinit
bashcompinit
${bash().split('\n').slice(1).join('\n')}`;

const inFish = (text: string): string => `'${text.replaceAll(/['\\]/g, (one) => `\\${one}`)}'`;

const fish = (): string =>
  [
    '# fish: banyan completion fish | source',
    'complete -c banyan -f',
    ...names.flatMap((name) => {
      const { words, takesService } = wordsOf(name);
      const after = `-n '__fish_seen_subcommand_from ${name}'`;
      const options: CommandFacts['options'] = (COMMANDS[name] as CommandFacts).options ?? {};
      return [
        `complete -c banyan -n __fish_use_subcommand -a ${name} -d ${inFish(COMMANDS[name].about)}`,
        ...words.map((word) => {
          if (!word.startsWith('--')) return `complete -c banyan ${after} -a ${word}`;
          const about = options[word.slice(2)]?.about;
          return `complete -c banyan ${after} -l ${word.slice(2)}${about ? ` -d ${inFish(about)}` : ''}`;
        }),
        ...(takesService ? [`complete -c banyan ${after} -a '(${SERVICES})'`] : []),
      ];
    }),
    '',
  ].join('\n');

export const completionScript = (shell: 'bash' | 'zsh' | 'fish'): string =>
  ({ bash, zsh, fish })[shell]();
