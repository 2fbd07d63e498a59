// What a terminal shows, as text that is the same in every run: what a run makes up (ports, times, keys, ids, folders) becomes
// its kind in capitals.
import { spawn } from 'node:child_process';
import { environment, programPath } from './programs.ts';

export interface Terminal {
  folder: string;
  home: string;
  env: NodeJS.ProcessEnv;
}

export interface TypedOptions {
  input?: string;
  /** Told each time that it has printed something; all of it so far. What it says to is done. */
  onText?: (text: string, stop: () => void) => void;
}

export interface Typed {
  /** The command as it is typed, what it says, and how it ends. */
  text: string;
  stdout: string;
  exit: number | null;
}

export function typed(
  { folder, home, env }: Terminal,
  args: readonly string[],
  { input = '', onText = () => {} }: TypedOptions = {},
): Promise<Typed> {
  const child = spawn(process.execPath, [programPath('banyan'), ...args], {
    env: { ...environment(home), ...env },
    timeout: 30_000,
  });
  const said = { stdout: '', stderr: '' };
  const listen = (name: keyof typeof said) => (text: Buffer) => {
    said[name] += text.toString();
    onText(said.stdout + said.stderr, () => child.kill('SIGINT'));
  };
  child.stdout.on('data', listen('stdout'));
  child.stderr.on('data', listen('stderr'));
  child.stdin.end(input);
  return new Promise((resolve) => {
    child.once('close', (exit) => {
      const line = args.map((word) => (/[\s"]/.test(word) ? `'${word}'` : word)).join(' ');
      const parts = [
        `$ banyan ${line}`,
        ...(said.stdout ? [legible(said.stdout)] : []),
        ...(said.stderr
          ? said.stderr
              .trimEnd()
              .split('\n')
              .map((each) => `! ${each}`)
          : []),
        ...(exit === 0 ? [] : [`(exit ${exit})`]),
      ];
      const text = `${steady(parts.join('\n'), folder)}\n\n`;
      resolve({ text, stdout: said.stdout, exit });
    });
  });
}

/** One object a line: for people who compare. */
function legible(stdout: string): string {
  try {
    return JSON.stringify(JSON.parse(stdout), null, 2);
  } catch {
    return stdout.trimEnd();
  }
}

/** In this order: what is whole first. */
const KINDS: readonly [RegExp, string][] = [
  [/banyan:\/\/register\?[^\s"']+/g, 'INVITE'],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]+/g, 'TOKEN'],
  [/-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/g, 'CERTIFICATE'],
  [/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'UUID'],
  [/\b[0-9a-f]{16,}\b/g, 'HEX'],
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z?/g, 'TIME'],
  [/\b(?:[A-Z][a-z]+) \d{1,2}, \d{4}\b/g, 'DATE'],
  [/(?<="tookMs": )\d+/g, 'DURATION'],
  [
    /(?<=^|\s)(\d{1,3}(?:\.\d{1,3}){3}(?:, ::1)?|::1(?:, 127\.0\.0\.1)?)(?=\.(?:"|$))/gm,
    'ADDRESSES',
  ],
  [/(?<!\d)[12]\d{12}(?:\.\d+)?(?!\d)/g, 'MILLISECONDS'],
  [/(?<=key=|state=|nonce=|code_challenge=|user_code=)[\w-]+/g, 'RANDOM'],
  [/(?<=\/start\/)[\w-]+/g, 'RANDOM'],
  [/(?<![\w-])[\w-]{43}(?![\w-])/g, 'FINGERPRINT'],
  [/\b(?:[\w-]{4} ){9,}[\w-]{1,4}\b/g, 'FINGERPRINT'],
  [/\b[B-DF-HJ-NP-TV-XZ]{4}-[B-DF-HJ-NP-TV-XZ]{4}\b/g, 'CODE'],
  [/^[!\s]*[█▀▄ ]{20,}\n/gm, ''],
  [/\b\d+(?:\.\d)? (?:ms|s)\b/g, 'DURATION'],
  // Whatever this computer is like: its organisation asks for none of these.
  [
    /^ {2}(?:ok|off|\?|TO FIX) +((?:Operating system|Disk|Firewall|Screen|Automatic)(?: \w+)?).*$/gm,
    '  STATE   $1',
  ],
  [/(?<="factor": "(?!Org)\w+",\s+"state": ).*(\s+"fix": ).*/g, 'STATE,$1FIX'],
  [/(?<!\d)(?:[3-6]\d{4}|84\d\d|[12]\d{4})(?!\d)/g, 'PORT'],
];

function steady(text: string, folder: string): string {
  const known: [string, string][] = [
    [folder, '~'],
    [process.execPath, 'NODE'],
    [programPath('banyan'), 'banyan.js'],
    [programPath('banyanproxy'), 'banyanproxy.js'],
  ];
  const named = known.reduce((changed, [from, to]) => changed.replaceAll(from, to), text);
  return KINDS.reduce((changed, [from, to]) => changed.replaceAll(from, to), named);
}
