// Every failure a person can meet: its stable code, what the terminal exits with, what it is called and what helps.
// Codes are API: never renamed or reused. `docs/errors.md` is generated from this table.
// Longer than other files because it is one table: cut in two, a code could stand in both.

/** Exit codes of `banyan`, `banyanproxy` and `banyan-edge`. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  signInNeeded: 3,
  denied: 4,
  portInUse: 5,
} as const;

/** What the window offers beside an error; `none` where only the advice helps. */
export type ErrorAction =
  'retry' | 'sign-in' | 'choose-port' | 'choose-address' | 'new-invite' | 'use-memory' | 'none';

interface ErrorEntry {
  exit: (typeof EXIT)[keyof typeof EXIT];
  /** What happened, as a heading. */
  title: string;
  /** The one thing that helps, as a sentence. */
  advice: string;
  action: ErrorAction;
}

export const ERRORS = {
  internal: {
    exit: EXIT.failed,
    title: 'Something went wrong',
    advice: 'Try again; if it happens again, send the log to your administrator.',
    action: 'retry',
  },
  'usage/invalid-input': {
    exit: EXIT.usage,
    title: 'That cannot be used',
    advice: 'Correct it and try again.',
    action: 'none',
  },

  'usage/declined': {
    exit: EXIT.failed,
    title: 'You said no',
    advice: 'To go on after all, run it again and say yes.',
    action: 'none',
  },

  'client/not-running': {
    exit: EXIT.failed,
    title: 'Banyan is not running',
    advice: 'Start the app, or run `banyan up` in another terminal.',
    action: 'none',
  },
  'client/already-running': {
    exit: EXIT.failed,
    title: 'Banyan is already running',
    advice: 'Use the running app, or quit it first.',
    action: 'none',
  },
  'client/other-version': {
    exit: EXIT.failed,
    title: 'Another version of Banyan is running',
    advice: 'Quit Banyan and start it again; in a terminal: banyan quit.',
    action: 'none',
  },
  'client/control-refused': {
    exit: EXIT.failed,
    title: 'The control connection was refused',
    advice: 'Run the command as the person who started the app, with the same BANYAN_HOME.',
    action: 'none',
  },
  'client/storage-failed': {
    exit: EXIT.failed,
    title: 'A file could not be written',
    advice: 'Check the free space and the permissions of the folder named here, then try again.',
    action: 'retry',
  },
  'client/storage-corrupt': {
    exit: EXIT.failed,
    title: 'A file could not be read',
    advice: 'It was set aside unchanged; repair it or register again.',
    action: 'none',
  },

  'client/setting-managed': {
    exit: EXIT.denied,
    title: 'Set by your organisation',
    advice: 'Ask your administrator, who has fixed this setting for this computer.',
    action: 'none',
  },

  'client/switching': {
    exit: EXIT.failed,
    title: 'Banyan is changing organisations',
    advice: 'Try again in a moment.',
    action: 'retry',
  },

  'program/not-installed': {
    exit: EXIT.failed,
    title: 'That program is not installed',
    advice: 'Install it, or use the command that is shown; in a terminal: banyan connect.',
    action: 'none',
  },
  'program/not-started': {
    exit: EXIT.failed,
    title: 'The program could not be started',
    advice: 'Use the command that is shown.',
    action: 'none',
  },
  'program/not-connected': {
    exit: EXIT.failed,
    title: 'The service is not connected',
    advice: 'Connect it, then try again.',
    action: 'none',
  },
  'program/port-unknown': {
    exit: EXIT.failed,
    title: 'The local port is not known yet',
    advice: 'Connect the service once, then try again.',
    action: 'none',
  },
  'program/entry-not-allowed': {
    exit: EXIT.denied,
    title: 'There is no entry for that service',
    advice: 'Use the command that is shown when it is connected.',
    action: 'none',
  },

  'program/no-cluster-sign-in': {
    exit: EXIT.usage,
    title: 'Banyan does not sign you in there',
    advice: 'Use the sign-in of the cluster itself, or ask your administrator.',
    action: 'none',
  },

  'organisation/unknown': {
    exit: EXIT.failed,
    title: 'This device is not registered with that organisation',
    advice: 'See `banyan organisations` for those it is registered with.',
    action: 'none',
  },
  'organisation/unreachable': {
    exit: EXIT.failed,
    title: 'The organisation cannot be reached',
    advice: 'Check the network connection, then try again.',
    action: 'retry',
  },
  'organisation/invalid-answer': {
    exit: EXIT.failed,
    title: 'The organisation gave an answer that cannot be used',
    advice: 'Ask your administrator whether the address is right and the server is healthy.',
    action: 'retry',
  },
  'organisation/app-too-old': {
    exit: EXIT.failed,
    title: 'This app is too old for the organisation',
    advice:
      'Install the newest version of Banyan. What is connected stays so; signing in waits for it.',
    action: 'none',
  },
  'organisation/lacks-feature': {
    exit: EXIT.failed,
    title: 'The server of your organisation is too old for this',
    advice: 'Ask your administrator to update it; everything else works meanwhile.',
    action: 'none',
  },

  'device/not-registered': {
    exit: EXIT.signInNeeded,
    title: 'This device is not registered',
    advice: 'Register it with an invite from your administrator; in a terminal: banyan register.',
    action: 'none',
  },
  'device/already-registered': {
    exit: EXIT.failed,
    title: 'This device is already registered with that organisation',
    advice:
      'If it is not the active one, switch to it. To register this device anew, unregister it first.',
    action: 'new-invite',
  },
  'device/invite-invalid': {
    exit: EXIT.usage,
    title: 'That is not an invite',
    advice: 'Paste the whole invite; it starts with banyan://register.',
    action: 'new-invite',
  },
  'device/invite-refused': {
    exit: EXIT.denied,
    title: 'The invite was refused',
    advice:
      'It works until it is used up or its time is over: ask your administrator for a new one.',
    action: 'new-invite',
  },
  'device/address-invalid': {
    exit: EXIT.usage,
    title: 'That is not the address of an organisation',
    advice: 'It looks like banyan.example.com, or banyan.example.com:8440.',
    action: 'none',
  },
  'device/sign-in-not-offered': {
    exit: EXIT.denied,
    title: 'This organisation registers devices by invite only',
    advice: 'Ask your administrator for an invite.',
    action: 'none',
  },
  'device/fingerprint-mismatch': {
    exit: EXIT.failed,
    title: 'That is not its fingerprint',
    advice:
      'Look for a typing error: capital and small letters differ. If there is none, do not go on, and tell your administrator: somebody may be between you and the organisation.',
    action: 'none',
  },
  'device/registration-refused': {
    exit: EXIT.denied,
    title: 'The organisation did not register this device',
    advice: 'Sign in once more, or ask your administrator for an invite.',
    action: 'retry',
  },
  'device/root-mismatch': {
    exit: EXIT.failed,
    title: 'This is not the organisation it should be',
    advice:
      'Do not go on. Tell your administrator: somebody may be between you and the organisation.',
    action: 'new-invite',
  },
  'device/banned': {
    exit: EXIT.denied,
    title: 'This device is banned for now',
    advice: 'Ask your administrator; on this computer nothing has to be changed.',
    action: 'none',
  },
  'device/certificate-refused': {
    exit: EXIT.denied,
    title: 'The organisation no longer accepts this device',
    advice: 'Ask your administrator, or unregister and register again.',
    action: 'none',
  },
  'device/certificate-expired': {
    exit: EXIT.denied,
    title: 'The certificate of this device has ended',
    advice:
      'Leave the organisation (banyan unregister), then register again with a new invite from your administrator.',
    action: 'none',
  },
  'device/renewal-failed': {
    exit: EXIT.failed,
    title: 'The certificate of this device was not renewed',
    advice:
      'Banyan goes on trying. If it stays so until the end, this device has to register again.',
    action: 'none',
  },
  'device/secret-store-unavailable': {
    exit: EXIT.failed,
    title: 'There is no keychain to keep secrets in',
    advice:
      'Unlock or install one, or keep the secrets in a file under a passphrase, or in memory only; in a terminal: --secrets file, or memory.',
    action: 'use-memory',
  },
  'device/secret-store-locked': {
    exit: EXIT.failed,
    title: 'The keychain is locked',
    advice: 'Unlock it, then try again.',
    action: 'retry',
  },
  'device/secret-store-denied': {
    exit: EXIT.failed,
    title: 'The keychain did not let Banyan in',
    advice:
      'Try again, and allow it when the system asks; or check that its password is the right one.',
    action: 'retry',
  },

  'device/secret-lost': {
    exit: EXIT.failed,
    title: 'The key of this registration is not in the keychain',
    advice: 'Unlock the keychain that it was kept in; if it is gone, register with a new invite.',
    action: 'none',
  },
  'device/passphrase-needed': {
    exit: EXIT.failed,
    title: 'The secrets of this device are locked',
    advice:
      'Give the passphrase; in a terminal: banyan unlock, or BANYAN_PASSPHRASE_FILE with the name of a file that holds it.',
    action: 'none',
  },
  'device/passphrase-wrong': {
    exit: EXIT.failed,
    title: 'That is not the passphrase',
    advice:
      'Try again. Nobody can recover it: without it, register again and keep the secrets elsewhere.',
    action: 'none',
  },

  'managed/file-ignored': {
    exit: EXIT.failed,
    title: 'The settings of your organisation were not applied',
    advice:
      'Tell your administrator: the file has to be a JSON object that belongs to root, with permissions 0644, in a folder that belongs to root.',
    action: 'none',
  },
  'managed/not-allowed': {
    exit: EXIT.denied,
    title: 'Your organisation has set this',
    advice: 'Ask your administrator if it should be otherwise.',
    action: 'none',
  },

  'updates/off': {
    exit: EXIT.failed,
    title: 'Updates are switched off',
    advice:
      'The settings, or banyan updates, say why, and how this Banyan is replaced by a newer one.',
    action: 'none',
  },
  'updates/not-ready': {
    exit: EXIT.failed,
    title: 'No newer version is ready',
    advice:
      'Look for one in the settings, or by banyan updates --check, and wait until it is downloaded.',
    action: 'none',
  },
  'updates/feed-unreachable': {
    exit: EXIT.failed,
    title: 'Banyan could not look for a newer version',
    advice: 'Check the network and the proxy. Banyan tries again by itself; this version goes on.',
    action: 'retry',
  },
  'updates/feed-refused': {
    exit: EXIT.failed,
    title: 'The list of versions is not trusted',
    advice:
      'Nothing was downloaded. Something between this computer and the maker of Banyan changes what is asked for: tell your administrator.',
    action: 'none',
  },
  'updates/feed-older': {
    exit: EXIT.failed,
    title: 'The list of versions is an old one',
    advice:
      'Nothing was downloaded. A cache may keep it for some hours; if it stays so, tell your administrator.',
    action: 'retry',
  },
  'updates/download-failed': {
    exit: EXIT.failed,
    title: 'The newer version could not be downloaded',
    advice:
      'Check the network and the free space. Banyan tries again by itself; this version goes on.',
    action: 'retry',
  },
  'updates/download-damaged': {
    exit: EXIT.failed,
    title: 'What was downloaded is not the newer version',
    advice:
      'It was thrown away. Banyan tries again by itself; if it stays so, tell your administrator.',
    action: 'retry',
  },

  'identity/sign-in-required': {
    exit: EXIT.signInNeeded,
    title: 'You are not signed in',
    advice: 'Sign in, then try again; in a terminal: banyan login.',
    action: 'sign-in',
  },
  'identity/session-expired': {
    exit: EXIT.signInNeeded,
    title: 'Your session has ended',
    advice: 'Sign in again.',
    action: 'sign-in',
  },
  'identity/sign-in-cancelled': {
    exit: EXIT.signInNeeded,
    title: 'Sign-in was cancelled',
    advice: 'Sign in again when you are ready.',
    action: 'sign-in',
  },
  'identity/sign-in-timed-out': {
    exit: EXIT.signInNeeded,
    title: 'Sign-in took too long',
    advice: 'Sign in again; a page waits five minutes, a code as long as it says.',
    action: 'sign-in',
  },
  'identity/sign-in-denied': {
    exit: EXIT.denied,
    title: 'Sign-in was refused',
    advice: 'Use another account, or ask your administrator for access.',
    action: 'sign-in',
  },
  'identity/device-code-unavailable': {
    exit: EXIT.failed,
    title: 'There is no sign-in at another device',
    advice: 'Sign in with the browser of this computer; in a terminal: banyan login.',
    action: 'sign-in',
  },
  'identity/response-invalid': {
    exit: EXIT.failed,
    title: 'The sign-in answer cannot be trusted',
    advice: 'Sign in again; if it happens again, tell your administrator.',
    action: 'sign-in',
  },
  'identity/clock-skew': {
    exit: EXIT.failed,
    title: 'The clock of this computer is wrong',
    advice: 'Set date and time, then try again.',
    action: 'retry',
  },
  'identity/certificate-refused': {
    exit: EXIT.denied,
    title: 'No certificate was issued',
    advice: 'Sign in again; if it happens again, ask your administrator.',
    action: 'sign-in',
  },

  'catalog/service-not-found': {
    exit: EXIT.failed,
    title: 'There is no such service',
    advice: 'See `banyan services` for the services you may use.',
    action: 'none',
  },

  'web/not-a-web-service': {
    exit: EXIT.usage,
    title: 'That is no web service',
    advice: 'Connect it instead; in a terminal: banyan connect.',
    action: 'none',
  },
  'web/opens-in-browser': {
    exit: EXIT.usage,
    title: 'A web service is not connected',
    advice: 'Open it instead; in a terminal: banyan open.',
    action: 'none',
  },
  'web/tab-blocked': {
    exit: EXIT.failed,
    title: 'No new tab could be opened',
    advice: 'Allow this page to open tabs (pop-ups), then try again.',
    action: 'retry',
  },
  'web/no-browser': {
    exit: EXIT.failed,
    title: 'No browser could be started',
    advice:
      'Web services open on a computer with a browser; set BROWSER if yours is not found. In a terminal, banyan open --no-browser prints the page.',
    action: 'retry',
  },

  'tunnel/port-in-use': {
    exit: EXIT.portInUse,
    title: 'The local port is in use',
    advice: 'Quit the program that holds it, or choose another port.',
    action: 'choose-port',
  },
  'tunnel/listen-failed': {
    exit: EXIT.failed,
    title: 'The local port cannot be opened',
    advice: 'Choose another port.',
    action: 'choose-port',
  },
  'tunnel/address-not-loopback': {
    exit: EXIT.usage,
    title: 'Only this computer may use a service',
    advice: 'Use 127.0.0.1, another address that begins with 127., or ::1.',
    action: 'choose-address',
  },
  'tunnel/address-not-available': {
    exit: EXIT.failed,
    title: 'This computer does not have that address',
    advice:
      'Use 127.0.0.1, which every computer has, or add the address to the loopback interface first (macOS: sudo ifconfig lo0 alias 127.0.0.2).',
    action: 'choose-address',
  },
  'tunnel/override-not-allowed': {
    exit: EXIT.denied,
    title: 'The port is set by your administrator',
    advice: 'Ask your administrator to allow another port for this service.',
    action: 'none',
  },
  'tunnel/mode-unsupported': {
    exit: EXIT.failed,
    title: 'This kind of service cannot be connected yet',
    advice: 'Ask your administrator to publish it in TCP mode.',
    action: 'none',
  },
  'tunnel/domains-not-allowed': {
    exit: EXIT.failed,
    title: 'This service must not have domains to proxy',
    advice: 'Ask your administrator to leave "Domains to Proxy" blank.',
    action: 'none',
  },
  'tunnel/unreachable': {
    exit: EXIT.failed,
    title: 'The Access Tier cannot be reached',
    advice: 'Check the network connection, then try again.',
    action: 'retry',
  },
  'tunnel/untrusted-server': {
    exit: EXIT.failed,
    title: 'The Access Tier is not the one it should be',
    advice: 'Do not go on. Tell your administrator.',
    action: 'none',
  },
  'tunnel/certificate-refused': {
    exit: EXIT.signInNeeded,
    title: 'Your certificate was refused',
    advice: 'Sign in again to get a new one.',
    action: 'sign-in',
  },
  'tunnel/certificate-missing': {
    exit: EXIT.signInNeeded,
    title: 'There is no certificate to connect with',
    advice: 'Sign in with `banyan login`, or name its folder with --certs.',
    action: 'sign-in',
  },
  'tunnel/certificate-expired': {
    exit: EXIT.signInNeeded,
    title: 'Your certificate has expired',
    advice: 'Sign in again to go on.',
    action: 'sign-in',
  },
  'tunnel/upstream-proxy-failed': {
    exit: EXIT.failed,
    title: 'The proxy of your network does not let Banyan through',
    advice: 'Check the proxy setting, then try again.',
    action: 'retry',
  },
  'tunnel/local-program-refused': {
    exit: EXIT.denied,
    title: 'A program was not let in',
    advice: 'Only programs that you run yourself may use your services.',
    action: 'none',
  },
  'tunnel/too-many-connections': {
    exit: EXIT.failed,
    title: 'Too many connections at once',
    advice: 'Close some of them, then try again.',
    action: 'retry',
  },
  'tunnel/engine-stopped': {
    exit: EXIT.failed,
    title: 'The proxy engine of Banyan stopped',
    advice: 'Connect again; if it happens again, restart Banyan.',
    action: 'retry',
  },
  'tunnel/cancelled': {
    exit: EXIT.failed,
    title: 'Connecting was cancelled',
    advice: 'Connect again when you are ready.',
    action: 'retry',
  },
  'tunnel/denied': {
    exit: EXIT.denied,
    title: 'You may not use this service',
    advice: 'Ask your administrator for access.',
    action: 'none',
  },
  'tunnel/limit-reached': {
    exit: EXIT.denied,
    title: 'A connection reached a limit of your organisation',
    advice: 'Connect again in the program that used it.',
    action: 'none',
  },
  'tunnel/target-refused': {
    exit: EXIT.denied,
    title: 'That address is not part of this service',
    advice: 'Use an address that the service allows, or ask your administrator to add it.',
    action: 'none',
  },
  'tunnel/target-unreachable': {
    exit: EXIT.failed,
    title: 'The Access Tier cannot reach that address',
    advice: 'Check the address; if it is right, tell your administrator.',
    action: 'retry',
  },

  'edge/already-running': {
    exit: EXIT.failed,
    title: 'An edge runs on this data folder',
    advice: 'Use the one that runs, stop it first, or give this one a folder of its own.',
    action: 'none',
  },
  'edge/not-running': {
    exit: EXIT.failed,
    title: 'No edge runs on this data folder',
    advice: 'Start it with `banyan-edge start`, or name its configuration with --config.',
    action: 'none',
  },
  'edge/control-refused': {
    exit: EXIT.denied,
    title: 'The edge cannot be controlled from here',
    advice: 'Run the command as root, or as the account that runs the edge.',
    action: 'none',
  },
  'edge/data-refused': {
    exit: EXIT.failed,
    title: 'The data folder cannot be used',
    advice: 'Give the edge a folder that belongs to its account alone (0700), with a short name.',
    action: 'none',
  },
  'edge/data-unreadable': {
    exit: EXIT.failed,
    title: 'What the edge has kept cannot be read',
    advice:
      'Put the data folder back from its backup, belonging to the account of the edge (host-an-edge.md, 10); nothing was changed.',
    action: 'none',
  },
  'edge/config-invalid': {
    exit: EXIT.usage,
    title: 'The configuration cannot be used',
    advice: 'Correct what is named and try again; nothing was done.',
    action: 'none',
  },
  'edge/authority-differs': {
    exit: EXIT.failed,
    title: 'The store belongs to other keys',
    advice:
      'Copy `authority` and `issuer.json` of the data folder that has them, or of its backup, or use another store; nothing was started.',
    action: 'none',
  },
  'edge/store-unavailable': {
    exit: EXIT.failed,
    title: 'The database cannot be used',
    advice:
      'Start it, or correct `store.database` and the PG variables of the environment; an edge that runs goes on by itself when it is back.',
    action: 'none',
  },
  'edge/document-invalid': {
    exit: EXIT.usage,
    title: 'The document cannot be used',
    advice: 'Correct what is named and try again; nothing was stored.',
    action: 'none',
  },
  'edge/value-invalid': {
    exit: EXIT.usage,
    title: 'The value cannot be used',
    advice: 'Use another one; nothing was changed.',
    action: 'none',
  },
  'edge/not-found': {
    exit: EXIT.failed,
    title: 'There is no such thing here',
    advice: 'See what there is with the command `list`.',
    action: 'none',
  },
  'edge/in-use': {
    exit: EXIT.denied,
    title: 'It is still used',
    advice: 'Change or remove what uses it first.',
    action: 'none',
  },
  'edge/device-revoked': {
    exit: EXIT.denied,
    title: 'The device was revoked',
    advice: 'Let it register anew, with an invite.',
    action: 'none',
  },
  'edge/key-refused': {
    exit: EXIT.denied,
    title: 'The key is not accepted',
    advice: 'Send a key that `banyan-edge api-key list` shows as good, or make another one.',
    action: 'none',
  },
  'edge/key-role': {
    exit: EXIT.denied,
    title: 'The key may only read',
    advice: 'Use a key with the role write; nothing was changed.',
    action: 'none',
  },
  'edge/too-many-attempts': {
    exit: EXIT.denied,
    title: 'Too many keys were refused',
    advice: 'Wait as long as Retry-After says, and send a key that is good.',
    action: 'none',
  },
  'edge/request-invalid': {
    exit: EXIT.usage,
    title: 'The request cannot be answered',
    advice: 'Correct what is named and ask again; nothing was changed.',
    action: 'none',
  },
  'edge/unavailable': {
    exit: EXIT.failed,
    title: 'The edge cannot answer now',
    advice: 'Ask again in a while; its log says what is missing.',
    action: 'none',
  },
  'edge/port-in-use': {
    exit: EXIT.portInUse,
    title: 'A port is in use',
    advice: 'Quit the program that holds it, or choose another port.',
    action: 'none',
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

/** Facts a person may see beside the sentence, e.g. `{ port: 8081, holder: 'nginx (4711)' }`. Never a secret. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean>>;

/** An error as it crosses a process boundary: no stack, no cause. */
export interface WireError {
  code: ErrorCode;
  /** What happened and why, in one plain sentence, without any secret. */
  message: string;
  details?: ErrorDetails;
  /** Finds the matching lines in the log of the process that threw. */
  correlationId?: string;
}

/** A failure with a code. `message` is shown to people: write it for them; put the technical story into `cause`. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails | undefined;
  readonly correlationId: string | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; details?: ErrorDetails; correlationId?: string } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details;
    this.correlationId = options.correlationId;
  }

  toWire(): WireError {
    return {
      code: this.code,
      message: this.message,
      ...(this.details && { details: this.details }),
      ...(this.correlationId && { correlationId: this.correlationId }),
    };
  }
}

export const isErrorCode = (code: unknown): code is ErrorCode =>
  typeof code === 'string' && Object.hasOwn(ERRORS, code);

/** The local end could not be had: another port or address helps, and what was chosen is not worth keeping. */
export const isAboutListening = (code: ErrorCode): boolean =>
  code === 'tunnel/port-in-use' ||
  code === 'tunnel/listen-failed' ||
  code === 'tunnel/address-not-available' ||
  code === 'tunnel/address-not-loopback';

/** The wire form of anything thrown. What is not an AppError may quote a secret, so none of its text crosses. */
export function toWireError(thrown: unknown, correlationId?: string): WireError {
  if (thrown instanceof AppError) {
    return { ...(correlationId && { correlationId }), ...thrown.toWire() };
  }
  return {
    code: 'internal',
    message: 'Banyan ran into a problem of its own.',
    ...(correlationId && { correlationId }),
  };
}

export const fromWireError = (wire: WireError): AppError =>
  new AppError(wire.code, wire.message, {
    ...(wire.details && { details: wire.details }),
    ...(wire.correlationId && { correlationId: wire.correlationId }),
  });

/** What happened, why, and what to do: the text of a terminal or a dialog. */
export const explain = (error: WireError): string => `${error.message} ${remedy(error).advice}`;

/** Where the organisation has this computer registered, an invite is nothing to ask for. By the state of that. */
const MANAGED_ADVICE = {
  due: 'Start the app, or run `banyan up`: this computer is registered by itself then.',
  registering: 'Try again in a moment.',
  waiting: 'Banyan tries again by itself while it runs; `banyan status` tells when.',
  refused: 'Tell your administrator. It is tried again when Banyan starts.',
} as const;

/** What helps: the words of the code, unless this very error leaves less, or more, to do. */
export function remedy({ code, details }: WireError): { advice: string; action: ErrorAction } {
  const { advice, action } = ERRORS[code];
  const managed = Object.entries(MANAGED_ADVICE).find(
    ([status]) => status === details?.['managed'],
  );
  if (code === 'device/not-registered' && managed) return { advice: managed[1], action };
  if (code === 'tunnel/denied' && details?.['refusal'] === 'trust_level') {
    return { advice: '“This device” tells what lowers it; in a terminal: banyan status.', action };
  }
  if (code === 'tunnel/denied' && details?.['refusal'] === 'device') {
    const other = 'Connect from a device that your organisation allows for it';
    return { advice: `${other}, or ask your administrator.`, action };
  }
  if (action !== 'choose-port') return { advice, action };
  const quit = code === 'tunnel/port-in-use' ? 'Quit the program that holds it, or ' : '';
  if (details?.['mayChoose'] === false) {
    const ask = `${quit}ask your administrator to assign another port.`;
    return { advice: ask.charAt(0).toUpperCase() + ask.slice(1), action: 'retry' };
  }
  const free = details?.['suggestedPort'];
  if (!quit || free === undefined) return { advice, action };
  return { advice: `${quit}choose another port, e.g. ${free}, which is free.`, action };
}
