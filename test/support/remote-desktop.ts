// xrdp with a login window in a colour of its own: it shows that before anybody has signed in, so no session is needed.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { freePort, startDaemon } from './foreign-servers.ts';
import { tempDir } from './temp-dir.ts';

const CONFIG = '/etc/xrdp';

export interface RemoteDesktop {
  port: number;
  /** What it has noted. */
  log: () => string;
  /** Red, green and blue of its background, which nothing else on the display has. */
  colour: readonly [number, number, number];
}

export async function startRemoteDesktop(): Promise<RemoteDesktop> {
  const [folder, port] = [tempDir(), await freePort()];
  const [key, certificate] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')];
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=desktop'];
  execFileSync('openssl', [...request, '-days', '2', '-keyout', key, '-out', certificate], {
    stdio: 'ignore',
  });
  const own: Readonly<Record<string, string>> = {
    port: `tcp://127.0.0.1:${port}`,
    certificate,
    key_file: key,
    LogFile: path.join(folder, 'xrdp.log'),
    EnableSyslog: 'false',
    ls_top_window_bg_color: 'c71585',
  };
  const usual = readFileSync(path.join(CONFIG, 'xrdp.ini'), 'utf8');
  const config = path.join(folder, 'xrdp.ini');
  // The first of each name: `port` of a session stands further down.
  const text = Object.entries(own).reduce(
    (changed, [name, value]) =>
      changed.replace(new RegExp(`^${name}=.*$`, 'm'), `${name}=${value}`),
    usual,
  );
  writeFileSync(config, text);
  await startDaemon('xrdp', ['--nodaemon', '--config', config], { port, folder });
  return {
    port,
    log: () => readFileSync(path.join(folder, 'xrdp.log'), 'utf8'),
    colour: [0xc7, 0x15, 0x85],
  };
}
