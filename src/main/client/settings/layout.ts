// The on-disk layout: where every file of the client is. See docs/protocol.md 9.
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import path from 'node:path';

/** The per-user folder of the seeds; `BANYAN_HOME` overrides it. */
export function defaultHome(
  platform: NodeJS.Platform = process.platform,
  environment: NodeJS.ProcessEnv = process.env,
): string {
  if (environment['BANYAN_HOME']) return path.resolve(environment['BANYAN_HOME']);
  switch (platform) {
    case 'darwin':
      return path.join(homedir(), 'Library', 'Application Support', 'banyanapp');
    case 'win32':
      return path.join(
        environment['APPDATA'] || path.join(homedir(), 'AppData', 'Roaming'),
        'banyanapp',
      );
    default:
      return path.join(
        // Only an absolute one counts (XDG Base Directory Specification).
        absolute(environment['XDG_CONFIG_HOME']) ?? path.join(personFolder(environment), '.config'),
        'banyanapp',
      );
  }
}

/** Without a HOME that names one, what the system knows: secrets must not lie in whichever folder a command is typed. */
export const personFolder = (environment: NodeJS.ProcessEnv): string =>
  absolute(environment['HOME'] ?? homedir()) ?? userInfo().homedir;

const absolute = (folder: string | undefined): string | undefined =>
  folder !== undefined && path.isAbsolute(folder) ? folder : undefined;

/** Names are the seeds'; `curl --cacert --key --cert` uses them as they are. */
export const LOGIN_FILES = {
  caCertificate: 'login-cacert.pem',
  key: 'login-key.pem',
  certificate: 'login-cert.pem',
} as const;

/** By this name ssh finds it for the key; only where the organisation gives SSH certificates. */
export const SSH_CERTIFICATE_FILE = `${LOGIN_FILES.key}-cert.pub`;

/** Link to the set that holds now, beside those names; none on Windows. */
export const LOGIN_FOLDER = 'login';

export function layout(home: string) {
  const organisations = path.join(home, 'orgs');
  return {
    home,
    /** {version, activeOrganisation} */
    settings: path.join(home, 'settings.json'),
    /** 32 random bytes, hexadecimal; proves that both ends of the control socket may read this folder. */
    controlKey: path.join(home, 'control.key'),
    /** {version, signedAt}: no older list of versions is believed. */
    updates: path.join(home, 'updates.json'),
    /** Where the window was. Only of this computer's displays, and nothing of the client. */
    window: path.join(home, 'window.json'),
    log: path.join(home, 'logs', 'banyan.log'),
    /** What a person has saved to send to somebody who helps. */
    diagnostics: path.join(home, 'diagnostics'),
    /** Where there is no keychain and the person said yes: what a keychain would hold, under a passphrase. */
    secrets: path.join(home, 'secrets.bin'),
    /** What the person's SSH configuration includes; includes that of the active organisation. */
    sshConfig: path.join(home, 'ssh_config'),
    /** .rdp files that were opened. */
    remoteDesktops: path.join(home, 'remote-desktops'),
    /**
     * Profiles of browsers that were started for a collection, by organisation and service. Not in the organisation's own
     * folder: a browser that still runs would keep that from being removed.
     */
    browsers: path.join(home, 'browsers'),
    /** {version, proxies}: lines in the person's own kubeconfig, see integrations/kube-proxies.ts. */
    kubeProxies: path.join(home, 'kube-proxies.json'),
    /** What was last written to `~/.kube/banyan`, so that it is known again after kubectl has written it. */
    kubeconfig: path.join(home, 'kubeconfig'),
    loginLink: path.join(home, LOGIN_FOLDER),
    loginSets: path.join(home, 'login-sets'),
    organisations,
    organisation(id: string) {
      const folder = path.join(organisations, id);
      return {
        folder,
        /** {version, organisation, device, secrets, document, root} - nothing secret. */
        registration: path.join(folder, 'registration.json'),
        /** AES-256-GCM: device key, DeviceCert, refresh token, session. */
        vault: path.join(folder, 'vault.bin'),
        /** {version, chosen: {serviceId: port}, overrides: {serviceId: port}} */
        ports: path.join(folder, 'ports.json'),
        /** Entries for `ssh`, see integrations/ssh-config.ts. */
        sshConfig: path.join(folder, 'ssh_config'),
        /** Clusters for `kubectl`, see integrations/kubeconfig.ts. */
        kubeconfig: path.join(folder, 'kubeconfig'),
      };
    },
  };
}
export type Layout = ReturnType<typeof layout>;

/** Socket paths are limited to 104 bytes on macOS, 108 on Linux, the final zero included. */
const LONGEST_SOCKET_PATH = 100;

/**
 * Binding this IS the single-instance lock. So it depends on which folder the home really is and on nothing else: not on
 * the variables of a login session, which ssh, cron and su do not set, nor on the name by which the folder was reached.
 */
export function controlSocketPath(
  home: string,
  platform: NodeJS.Platform = process.platform,
): string {
  const real = realPath(path.resolve(home));
  const id = createHash('sha256').update(real).digest('hex').slice(0, 16);
  if (platform === 'win32') return `\\\\.\\pipe\\banyanapp-${userInfo().username}-${id}`;
  const inHome = path.join(real, 'run', 'control.sock');
  if (Buffer.byteLength(inHome) <= LONGEST_SOCKET_PATH) return inHome;
  return path.join('/tmp', `banyanapp-${userInfo().uid}`, `${id}.sock`);
}

/** What is not there yet, or cannot be resolved, is taken as it is named: whoever opens it says what is wrong. */
function realPath(file: string): string {
  try {
    return realpathSync.native(file);
  } catch {
    const parent = path.dirname(file);
    return parent === file ? file : path.join(realPath(parent), path.basename(file));
  }
}
