// The program `banyan`: the client in a terminal.
import { defaultHome } from '../main/client/settings/layout.ts';
import { secretsWish } from '../main/secrets-wish.ts';
import { AppError, ERRORS, EXIT, toWireError } from '../shared/errors.ts';
import { VERSION } from '../shared/version.ts';
import { parseBanyanArguments } from './banyan-arguments.ts';
import type { CommandName } from './command-table.ts';
import { autoConnect } from './commands/auto-connect.ts';
import { certs } from './commands/certs.ts';
import { completion } from './commands/completion.ts';
import { connect } from './commands/connect.ts';
import { connections } from './commands/connections.ts';
import { diagnose } from './commands/diagnose.ts';
import { disconnect } from './commands/disconnect.ts';
import { env } from './commands/env.ts';
import { kubeToken } from './commands/kube-token.ts';
import { kubeconfig } from './commands/kubeconfig.ts';
import { login } from './commands/login.ts';
import { logs } from './commands/logs.ts';
import { logout } from './commands/logout.ts';
import { organisations } from './commands/organisations.ts';
import { open } from './commands/open.ts';
import { override } from './commands/override.ts';
import { posture } from './commands/posture.ts';
import { quit } from './commands/quit.ts';
import { register } from './commands/register.ts';
import { services } from './commands/services.ts';
import { settings } from './commands/settings.ts';
import { sshConfig } from './commands/ssh-config.ts';
import { status } from './commands/status.ts';
import { switchOrganisation } from './commands/switch-organisation.ts';
import { ui } from './commands/ui.ts';
import { unregister } from './commands/unregister.ts';
import { unlock } from './commands/unlock.ts';
import { up } from './commands/up.ts';
import { updates } from './commands/updates.ts';
import type { Command } from './context.ts';
import { createPrint } from './print.ts';

const commands: Record<CommandName, Command> = {
  register,
  organisations,
  switch: switchOrganisation,
  login,
  logout,
  status,
  services,
  connect,
  open,
  disconnect,
  override,
  'auto-connect': autoConnect,
  settings,
  'ssh-config': sshConfig,
  kubeconfig,
  'kube-token': kubeToken,
  unlock,
  unregister,
  up,
  ui,
  diagnose,
  logs,
  connections,
  updates,
  certs,
  env,
  posture,
  completion,
  quit,
};

async function main(argv: readonly string[]): Promise<number> {
  // Read by hand too: an error in the arguments is to come out in the form that was asked for.
  const print = createPrint(argv.includes('--json'));
  try {
    const parsed = parseBanyanArguments(argv);
    if (parsed === 'version') return say(`banyan ${VERSION}\n`);
    if ('help' in parsed) return say(parsed.help);
    secretsWish(process.env); // a command that reaches a running client would not notice
    // Asked for here: this file is where the build says it is, whatever it is cut into.
    const programFolder = import.meta.dirname;
    const context = { home: defaultHome(), arguments: parsed, print, programFolder };
    return (await commands[parsed.command](context)) ?? EXIT.ok;
  } catch (error) {
    const wire = toWireError(error);
    print.error(wire);
    return ERRORS[wire.code].exit;
  }
}

function say(text: string): number {
  process.stdout.write(text);
  return EXIT.ok;
}

// Looked at when all is said.
process.stdout.on('error', () => {});

void main(process.argv.slice(2)).then((exit) => {
  process.exitCode = exit;
  // What is left (an idle connection, a listener for signals) must not keep a finished command; output goes first.
  process.stdout.write('', () => {
    noteLost(process.stdout.errored);
    process.stderr.write('', () => process.exit());
  });
});

/** `banyan env > file` on a full disk has not done what was asked. */
function noteLost(error: NodeJS.ErrnoException | null): void {
  // Whoever reads our output may stop reading, e.g. `banyan services | head -1`.
  if (error === null || error.code === 'EPIPE') return;
  process.exitCode ||= EXIT.failed;
  const why = `What was to be printed could not be written (${error.code}).`;
  createPrint(false).error(new AppError('client/storage-failed', why).toWire());
}
