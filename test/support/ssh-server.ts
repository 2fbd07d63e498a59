// A real sshd with keys of its own, which lets the user of this process in.
import { mkdirSync, readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { userInfo } from 'node:os';
import path from 'node:path';
import { findProgram, freePort, startDaemon, writeFiles } from './foreign-servers.ts';
import { tempDir } from './temp-dir.ts';

export interface SshServer {
  folder: string;
  port: number;
  /** Its public key, as it stands in a known_hosts file after the name. */
  hostKey: string;
  /** File of the private key that it accepts. */
  userKey: string;
  /** All that it has said. */
  said: () => string;
}

/** The programs that it takes. */
export const SSH_PROGRAMS = ['sshd', 'ssh', 'ssh-keygen', 'scp', 'sftp'] as const;

export async function startSshServer(): Promise<SshServer> {
  const folder = tempDir();
  const inFolder = (name: string): string => path.join(folder, name);
  for (const name of ['host_key', 'user_key']) {
    const keygen = findProgram('ssh-keygen') ?? 'ssh-keygen';
    execFileSync(keygen, ['-q', '-t', 'ed25519', '-N', '', '-f', inFolder(name)]);
  }
  const port = await freePort();
  const { 'sshd.conf': serverConfig } = writeFiles(folder, {
    'sshd.conf': `
Port ${port}
ListenAddress 127.0.0.1
HostKey ${inFolder('host_key')}
AuthorizedKeysFile ${inFolder('user_key.pub')}
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
Subsystem sftp internal-sftp
`,
  });
  // What the system's own service does before it starts; only root has to.
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const { said } = await startDaemon('sshd', ['-D', '-e', '-f', serverConfig], { port });
  return {
    folder,
    port,
    hostKey: readFileSync(inFolder('host_key.pub'), 'utf8').trim(),
    userKey: inFolder('user_key'),
    said,
  };
}
