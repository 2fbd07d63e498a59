// THE table: every call and signal between the client and its front ends (window, tray, browser tab, terminal).
// One edit here adds a call everywhere: the compiler asks for its name (names.ts) and its handler; the bridges and the
// test double are derived. What may not be in it: tokens (but for one that is good for a single
// cluster, and for the terminal alone: decision 21), private keys, file paths or URLs chosen by a front end.
import type { WireError } from '../errors.ts';
import { z } from '../schema.ts';
import type { OwnCertificate } from '../model/certificate.ts';
import type { LogLine, RecentConnection } from '../model/activity.ts';
import type { Diagnosis } from '../model/diagnosis.ts';
import { type Device, type KnownOrganisation, OWNERSHIPS, SECRET_STORES } from '../model/device.ts';
import type { Managed } from '../model/managed.ts';
import { CLIENT_PROGRAMS } from '../model/client-program.ts';
import type { Programs } from '../model/program.ts';
import type { PortChoice, Service } from '../model/service.ts';
import type { Session } from '../model/session.ts';
import { type ShownSettings, THEMES } from '../model/settings.ts';
import type { Tunnel } from '../model/tunnel.ts';
import type { ServiceLink } from '../model/service-link.ts';
import type { Updates } from '../model/updates.ts';

/** Everything a front end shows. Slices arrive whole, each with a revision, so that a late one can be ignored. */
export interface Slices {
  /** Every organisation that this device is registered with, by name; the other slices are about the active one. */
  organisations: readonly KnownOrganisation[];
  /** A device that is being registered by signing in; of no organisation yet, so it belongs to none. */
  registration: Registration;
  /** What the organisation has set for this computer. */
  managed: Managed;
  device: Device;
  session: Session;
  catalog: Catalog;
  tunnels: Tunnels;
  /** Of this computer, whichever organisation is active. */
  settings: ShownSettings;
  links: Links;
  updates: Updates;
}

/** What `banyan://` links have asked for; shown for a yes, never acted upon by itself. */
export interface Links {
  invite: string | null;
  service: ServiceLink | null;
}

export interface Catalog {
  status: 'empty' | 'loading' | 'current' | 'stale';
  services: readonly Service[];
  /** Why it is stale. */
  because?: WireError;
}

/** `waiting`: for a person at this page of the browser. */
export type Registration =
  { status: 'none' } | { status: 'waiting'; organisation: string; url: string };

/** By service id; a service without an entry is closed. */
export interface Tunnels {
  states: Readonly<Record<string, Tunnel>>;
  ports: Readonly<Record<string, PortChoice>>;
}

export interface AppFacts {
  version: string;
  /** `process.platform` of the client. */
  platform: string;
  /** Folder that holds the `login-*.pem` files, for the commands that are shown. */
  certificatesFolder: string;
  /** Set by whoever started this client, e.g. the demo: preselects and explains, changes no check. */
  suggestedSecretStore: (typeof SECRET_STORES)[number];
  /** Runs with windows and notifications, and with a tray where the desktop shows one; null: in a terminal. */
  desktop: { hasTray: boolean } | null;
  /** Name suggested for this device. */
  hostName: string;
}

export interface Snapshot {
  app: AppFacts;
  slices: Slices;
  revisions: Record<keyof Slices, number>;
}

/** What a person must see before saying yes to an organisation. */
export interface InviteFacts {
  organisationName: string;
  host: string;
  rootFingerprint: string;
}

/** The same, found by an address alone. */
export type AddressFacts = Pick<InviteFacts, 'organisationName' | 'host'> &
  (
    | Pick<InviteFacts, 'rootFingerprint'>
    /**
     * Nobody vouches for it: a person has to type its beginning as the administrator says it. That is not in here, so that
     * no front end can show it or go on without.
     */
    | { fingerprintEnd: string }
  );

export interface Call<Input = unknown, Output = unknown> {
  input: z.ZodType<Input>;
  /** Carries the type only; never read. */
  output?: Output;
}

const call = <Input>(input: z.ZodType<Input>) => ({
  returns: <Output>(): Call<Input, Output> => ({ input }),
});

const nothing = z.strictObject({});
const invite = z.string().min(1).max(1024);
const address = z.string().min(1).max(300);
const fingerprint = z.string().length(43);
const organisationId = z.string().regex(/^[0-9a-f]{16}$/);
const passphrase = z.string().min(1).max(1000);
const service = z.string().min(1).max(200);
/** What a person says of a new device. */
const newDevice = {
  name: z.string().trim().min(1).max(64),
  ownership: z.enum(OWNERSHIPS),
  secrets: z.enum(SECRET_STORES),
  /** For `file`: opens the one that is there, or begins it. */
  passphrase: passphrase.optional(),
};
/** One line of a comment, too. */
const kubeContext = z
  .string()
  .min(1)
  .max(253)
  .regex(/^[^\s\p{Cc}\p{Cf}]+$/u);
const port = z.number().int().min(1).max(65535);
const proxy = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.enum(['system', 'none']) }),
  z.strictObject({
    kind: z.literal('own'),
    address: z.string().max(300),
    user: z.string().max(200),
    /** Absent: the one that is kept, as long as address and user are the same. */
    password: z.string().max(500).optional(),
  }),
]);

export const contract = {
  app: {
    snapshot: call(nothing).returns<Snapshot>(),
    /** Stops the client and whatever front end runs it. */
    quit: call(nothing).returns<void>(),
  },
  device: {
    /**
     * Reaches the organisation and checks its root against the invite; changes nothing.
     * Rejects with `device/already-registered` before it reaches anybody.
     */
    inspectInvite: call(z.strictObject({ invite })).returns<InviteFacts>(),
    /**
     * The new organisation becomes the active one; another one that was active is kept as it is. Refused with
     * `managed/not-allowed` where the managed deployment file allows one organisation only; inspectInvite too.
     */
    register: call(z.strictObject({ invite, ...newDevice })).returns<Device>(),
    /**
     * Reaches the organisation at this address; changes nothing. With a fingerprint it must be the one that is there, else
     * `device/fingerprint-mismatch`.
     */
    inspectAddress: call(
      z.strictObject({ address, fingerprint: fingerprint.optional() }),
    ).returns<AddressFacts>(),
    /** Like `register`, also where it is refused, after a sign-in in the browser (`registration.url`). The root must have this fingerprint. */
    registerBySignIn: call(
      z.strictObject({
        address,
        fingerprint,
        /** false: only report the page. */
        openBrowser: z.boolean(),
        ...newDevice,
      }),
    ).returns<Device>(),
    /** Ends the sign-in of a registration that runs: `identity/sign-in-cancelled`. */
    cancelRegistration: call(nothing).returns<void>(),
    /**
     * Tries now what the managed deployment file asks for, instead of at the next time; resolves when that is over. What came
     * of it is in the slice `managed`. `secrets`: where the usual place cannot be had.
     */
    registerAsManaged: call(
      z.strictObject({ secrets: z.enum(SECRET_STORES).optional() }),
    ).returns<void>(),
    /** Opens the file of secrets; then the registration and the session in it come back. */
    unlock: call(z.strictObject({ passphrase })).returns<Device>(),
    /** What certificates say: that of this device, its authority's and, while somebody is signed in, hers. */
    certificates: call(nothing).returns<readonly OwnCertificate[]>(),
    /** Looks at this computer and reports now; what came of it is in the device's slice. */
    checkPosture: call(nothing).returns<void>(),
    /**
     * Closes everything, revokes the certificate where it can, removes all of the active organisation here. Another one
     * that is left becomes active. Refused with `managed/not-allowed` where the managed deployment file keeps it.
     */
    unregister: call(nothing).returns<{
      /** Sentences about what could not be taken out of other programs' files. */
      left: readonly string[];
    }>(),
  },
  organisation: {
    /**
     * Stops whatever runs for the active organisation, then takes up the registration with this one. Where that one cannot
     * be had (`organisation/unknown`, `device/secret-store-locked`, `device/secret-lost`), nothing has changed. While it
     * runs, calls about the active organisation are refused with `client/switching`.
     */
    switch: call(z.strictObject({ organisation: organisationId })).returns<Device>(),
  },
  session: {
    /** Resolves when signed in. While one sign-in runs, every caller gets that one. */
    signIn: call(
      z.strictObject({
        /** false: only report the page (`session.prompt`). */
        openBrowser: z.boolean(),
      }),
    ).returns<Session>(),
    /** With a code that is typed at any other device (RFC 8628); a sign-in that runs goes on like that. */
    signInWithCode: call(nothing).returns<Session>(),
    cancelSignIn: call(nothing).returns<void>(),
    /** Closes tunnels, revokes the refresh token where it can, removes the `login-*.pem` files. */
    signOut: call(nothing).returns<void>(),
  },
  settings: {
    /**
     * Only what is named changes. Rejects with `client/setting-managed`, or with `client/storage-failed` where it could
     * not be kept, and then nothing has changed.
     */
    change: call(
      z.strictObject({
        startAtLogin: z.boolean().optional(),
        startHidden: z.boolean().optional(),
        autoConnect: z.boolean().optional(),
        notifications: z
          .strictObject({ session: z.boolean(), trouble: z.boolean(), update: z.boolean() })
          .optional(),
        warnBeforeExpiryMinutes: z.number().int().min(0).max(1440).optional(),
        theme: z.enum(THEMES).optional(),
        proxy: proxy.optional(),
        anyLocalUser: z.boolean().optional(),
        updates: z.boolean().optional(),
      }),
    ).returns<ShownSettings>(),
  },
  updates: {
    /**
     * Asks for a newer version, whether or not that is done by itself; what there is begins to be downloaded. Refused with
     * `updates/off`. What came of it is in the slice.
     */
    check: call(nothing).returns<Updates>(),
    /**
     * Ends the app and starts the newer one: asked first where programs would lose their connections. Refused with
     * `updates/not-ready`.
     */
    install: call(nothing).returns<void>(),
  },
  /** Asked for by who looks at it, while she looks: what happens at every connection is no signal. */
  activity: {
    /** The next lines with a higher number, a thousand at most; then ask again. */
    log: call(z.strictObject({ after: z.number().int().min(0) })).returns<{
      lines: readonly LogLine[];
      newest: number;
    }>(),
    /** null: nothing has changed since that revision. */
    connections: call(z.strictObject({ known: z.number().int() })).returns<{
      revision: number;
      connections: readonly RecentConnection[] | null;
    }>(),
  },
  diagnostics: {
    /** Tries every step on the way to a service, or (null) to the organisation; takes seconds. */
    run: call(z.strictObject({ service: service.nullable() })).returns<Diagnosis>(),
    /** Writes what helps whoever helps, without secrets and names, into the client's folder; says where. */
    save: call(nothing).returns<{ file: string }>(),
  },
  catalog: {
    refresh: call(nothing).returns<Catalog>(),
  },
  service: {
    /** Opens a web service in the system browser, signed in as this device. Answers a link that asked for it. */
    open: call(z.strictObject({ service })).returns<void>(),
    /** Its page, unopened: it lets one browser in, once, within a minute. A window holds no such secret. */
    page: call(z.strictObject({ service })).returns<{ url: string }>(),
    /** Kept for the active organisation, in the settings. */
    star: call(z.strictObject({ service, isFavourite: z.boolean() })).returns<void>(),
    /**
     * The person's own word, kept like a star, instead of the administrator's. Connects nothing now: what is on connects
     * after the next sign-in. On is refused for what cannot be connected, as `tunnel.open` is, and with
     * `client/setting-managed` where the organisation has switched it off for all.
     */
    autoConnect: call(z.strictObject({ service, isOn: z.boolean() })).returns<void>(),
    /** The person does not want what the link asked for. */
  },
  link: {
    /** The person does not want what it asked for. */
    dismiss: call(z.strictObject({ asksFor: z.enum(['invite', 'service']) })).returns<void>(),
  },
  program: {
    /** What stands in the configurations of other programs, read anew: they may have been edited by hand. */
    look: call(nothing).returns<Programs>(),
    /** Adds an entry for an SSH service to the person's SSH configuration, or takes it out; null: every one. */
    setSsh: call(
      z.strictObject({ service: service.nullable(), isOn: z.boolean() }),
    ).returns<Programs>(),
    /**
     * The same for a Kubernetes service and a kubeconfig of ours; null: every one. With a context: the proxy of that one's
     * cluster in the person's own kubeconfig, and nothing else there.
     */
    setKubernetes: call(
      z.strictObject({
        service: service.nullable(),
        isOn: z.boolean(),
        context: kubeContext.optional(),
      }),
    ).returns<Programs>(),
    /** Signs her in to the cluster of a service with `kube_ca_key`, for minutes, and to nothing else. For kubectl. */
    kubeToken: call(z.strictObject({ service })).returns<{
      token: string;
      /** Milliseconds since the epoch. */
      expiresAt: number;
    }>(),
    /** Saves a .rdp file for a remote desktop where the person's downloads are; says where. */
    saveRdp: call(z.strictObject({ service })).returns<{ file: string }>(),
    /** Hands one to the program that the system has for it: `program/not-installed` where there is none. */
    openRdp: call(z.strictObject({ service })).returns<void>(),
    /**
     * Starts a program of this computer for a service that is connected, in a terminal where it has no window of its own.
     * What it is told comes from the client's state alone. `program/not-connected`, `-not-installed`, `-not-started`.
     */
    launch: call(z.strictObject({ service, program: z.enum(CLIENT_PROGRAMS) })).returns<void>(),
  },
  tunnel: {
    /** Resolves when the port listens and the Access Tier has accepted this person once. */
    open: call(z.strictObject({ service })).returns<Tunnel>(),
    close: call(z.strictObject({ service })).returns<void>(),
    /**
     * Saves (or with null removes) the person's own port and address; an open tunnel moves there. Without `host` the address
     * stays. Refused with `tunnel/address-not-loopback` where others could reach it, and where it cannot be listened at.
     */
    override: call(
      z.strictObject({ service, port: port.nullable(), host: z.string().max(45).optional() }),
    ).returns<PortChoice>(),
  },
} as const;

export type Contract = typeof contract;
export type Group = keyof Contract;

/** `group.call` of every call, e.g. `tunnel.open`. */
export type CallName = {
  [G in Group]: `${G}.${keyof Contract[G] & string}`;
}[Group];

type Lookup<Name extends CallName> = Name extends `${infer G}.${infer C}`
  ? G extends Group
    ? C extends keyof Contract[G]
      ? Contract[G][C]
      : never
    : never
  : never;
export type InputOf<Name extends CallName> =
  Lookup<Name> extends Call<infer Input, infer _> ? Input : never;
export type OutputOf<Name extends CallName> =
  Lookup<Name> extends Call<infer _, infer Output> ? Output : never;

/** One plain function per call: what the client implements. Inputs are decoded before they arrive. */
export type Handlers = {
  [Name in CallName]: (input: InputOf<Name>) => Promise<OutputOf<Name>>;
};

/** `device.changed` and so on: the whole slice with its revision. */
export type Signals = {
  [Slice in keyof Slices as `${Slice}.changed`]: { revision: number; value: Slices[Slice] };
};
export type SignalName = keyof Signals;
export type SignalListener = <Name extends SignalName>(name: Name, payload: Signals[Name]) => void;

/** Answer to every call on every transport. */
export type Reply<Output = unknown> = { ok: true; value: Output } | { ok: false; error: WireError };

/** What a front end holds: `client.call('tunnel.open', { service })`. Rejects with AppError. */
export interface ClientApi {
  call<Name extends CallName>(name: Name, input: InputOf<Name>): Promise<OutputOf<Name>>;
  /** Returns how to stop listening. */
  subscribe(listener: SignalListener): () => void;
}
