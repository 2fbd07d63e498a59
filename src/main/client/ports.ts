// What the client needs from outside: small interfaces, each with a real adapter and a fake that passes the same
// contract suite. Nothing here knows Electron.
import type { Agent } from 'node:https';
import type { Engine, TunnelSink } from '../../proxy/index.ts';
import type { ClientProgram } from '../../shared/model/client-program.ts';
import type { SecretStoreKind } from '../../shared/model/device.ts';
import type { PostureReport } from '../../shared/model/posture.ts';
import type { NoticeKind } from '../../shared/model/settings.ts';
import type { UpdateHindrance } from '../../shared/model/updates.ts';
import type { SettableByHand } from './settings/files.ts';

/** Holds one 32-byte key per organisation; everything else secret is sealed with it in a file (see device/vault.ts). */
export interface SecretStore {
  readonly kind: SecretStoreKind;
  /**
   * null: no entry. Throws `device/secret-store-locked`, `-denied` where the person or the system said no, `-unavailable`
   * where there is none.
   */
  get(name: string): Promise<Buffer | null>;
  set(name: string, secret: Buffer): Promise<void>;
  /** Resolves also when there was nothing to remove. */
  delete(name: string): Promise<void>;
}

/** Locked until its passphrase is given: then, as long as there is something in it, all else throws `device/passphrase-needed`. */
export interface FileSecretStore extends SecretStore {
  /** Opens it, or begins a new one with this passphrase. Throws `device/passphrase-wrong`, and then nothing has changed. */
  unlock(passphrase: string): Promise<void>;
}

export interface SecretStores {
  keychain: SecretStore;
  file: FileSecretStore;
  memory: SecretStore;
}

/** The person's system browser. */
export interface Browser {
  /** Rejects when no browser could be started; the address is then shown instead. */
  open(url: string): Promise<void>;
}

/** Time of day and timers, so that tests decide when it is later. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Returns how to cancel. */
  after(delayMs: number, run: () => void): () => void;
}

/** What may change under a running client. */
export interface Machine {
  /** Milliseconds of a clock that nobody sets; whether it counts sleep depends on the system. */
  steadyMs(): number;
  /** `interface=address` of every one that leads somewhere: neither loopback nor link-local. */
  addresses(): readonly string[];
}

/** Structured log. Values under keys that name secrets are never written (see adapters/log.ts). */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}
export type LogFields = Readonly<Record<string, unknown>>;

export interface Notice {
  kind: NoticeKind;
  title: string;
  body: string;
  /** Whoever tells it has seen to it that it was not told before: the same words count again. */
  isNews?: true;
}

/** Tells the person something while no window is in front of her. */
export interface Notifier {
  show(notice: Notice): void;
}

/** Whether the app starts when this person signs in to the computer. The system knows, so nothing of it is kept here. */
export interface LoginStart {
  isOn: () => Promise<boolean>;
  set: (isOn: boolean) => Promise<void>;
}

/** Whatever starts this client without a person: the app at login, a unit of systemd. */
export interface SelfStart {
  remove: () => Promise<void>;
}

/** What somebody else has set for this computer: a person sees it and cannot change it. */
export interface ManagedSettings {
  /** As it is shown, e.g. the name of the organisation. */
  by: string;
  values: SettableByHand;
}

/** `refused`: it is there, and nothing shows that it is the administrator's. */
export type ManagedFileRead =
  { status: 'absent' } | { status: 'refused'; why: string } | { status: 'read'; text: string };

/** A program as a click starts it. */
export interface Launch {
  program: ClientProgram;
  /** What it is given, one by one: no shell reads them. */
  words: readonly string[];
  /** Set for this program alone. */
  environment?: Readonly<Record<string, string>>;
}

export interface Launcher {
  /** Found anew each time: she may have installed one since. */
  installed(): readonly ClientProgram[];
  /** Resolves when it runs. Throws `program/not-installed` or `program/not-started`. */
  start(launch: Launch): Promise<void>;
}

/** Where other programs look for what a person has set, and how they start ours. */
export interface ProgramPlaces {
  /** Holds `.ssh/config`. */
  personFolder: string;
  /** Program and first arguments; null: none came with this client. */
  banyanproxy: readonly string[] | null;
  /** The same of `banyan`; its bare name where none came with this client. */
  banyan: readonly string[];
  /** Where the person expects what she has saved. */
  downloads: () => string;
  /** Hands a file to the program that the system has for it; rejects where there is none. Absent without a desktop. */
  openFile?: (file: string) => Promise<void>;
  /** Absent: nothing is started. */
  launcher?: Launcher;
}

/** Where newer versions are found, and whose they are. */
export interface UpdateSource {
  /** `https://…/` */
  address: string;
  /** Name of the list of versions of this system, e.g. `latest-linux.yml`. */
  file: string;
  /** Ed25519, DER in base64: whoever holds its other half may replace this app. */
  key: string;
}

/** What a list of versions says, after its signature was checked. */
export interface UpdateFeed {
  version: string;
  files: readonly { url: string; sha512: string; size: number }[];
  releaseDate: string;
  /** So many of a hundred computers take it; which ones stays the same while it rises. */
  stagingPercentage?: number | undefined;
  minimumSystemVersion?: string | undefined;
}

/** Replaces this app by a newer one. Asks nobody anything but for the files of the list that it is given. */
export interface Updater {
  /** null: it can. */
  hindrance: UpdateHindrance | null;
  /** null exactly where something hinders it. */
  source: UpdateSource | null;
  /** The version, where it is newer than this one and this computer is among those that take it. */
  offered(feed: UpdateFeed): Promise<string | null>;
  /**
   * What was offered last. Rejects with `updates/download-failed`, or `updates/download-damaged` where it is not what the list
   * says; resolves when it is there, or when `signal` has ended it.
   */
  download(options: {
    agent: Agent;
    signal: AbortSignal;
    onShare: (share: number) => void;
  }): Promise<void>;
  /** Whether what was downloaded replaces this app when that ends. */
  takeAtQuit(isWanted: boolean): void;
  /** Asks first where so many services are connected; a no changes nothing. */
  restart(connected: number, version: string): Promise<void>;
}

export interface ClientPorts {
  secrets: SecretStores;
  browser: Browser;
  clock: Clock;
  log: Log;
  /** What programs of this computer agree on, e.g. `HTTPS_PROXY`. Absent: nothing. */
  environment?: Readonly<Record<string, string | undefined>>;
  /** PEM of the public authorities. Absent: those that this computer trusts. */
  publicRoots?: () => readonly string[];
  /** Absent: nobody watches for sleep and network changes. */
  machine?: Machine;
  /** The managed deployment file; never rejects. Absent: this computer has none. */
  managedFile?: () => Promise<ManagedFileRead>;
  /** Looks at this computer, and for these programs; never rejects. Absent: nothing is said about it. */
  posture?: (applications: readonly string[]) => Promise<PostureReport>;
  /** Absent where nothing can be shown, e.g. in a terminal. */
  notifier?: Notifier;
  /** Absent where the system has no such thing, or nothing that it could start. */
  loginStart?: LoginStart;
  /** Absent: nothing but `loginStart` does. */
  selfStart?: SelfStart;
  /** Absent: everything is the person's own choice. */
  managed?: ManagedSettings;
  /** Absent: this client adds nothing to the configurations of other programs. */
  programs?: ProgramPlaces;
  /** Absent: this front end is not the app, and replaces nothing. */
  updater?: Updater;
  /** Starts the data plane; the client starts one and stops it. */
  createEngine: (sink: TunnelSink) => Engine;
}
