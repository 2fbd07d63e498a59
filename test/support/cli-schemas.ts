// What `banyan <command> --json` prints: docs/cli.schema.json is written from this, and the programs are held against it.
// Fields may be added; none goes or changes its meaning.
import { z } from 'zod';
import type { CommandName } from '../../src/cli/command-table.ts';
import { CLIENT_PROGRAMS } from '../../src/shared/model/client-program.ts';
import { SERVICE_TYPES } from '../../src/shared/model/service.ts';
import { SHELL_NAMES } from '../../src/cli/shell-variables.ts';
import { POSTURE_FACTORS, TRUST_LEVELS } from '../../src/shared/model/posture.ts';

const ok = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject({ ok: z.literal(true), ...shape });

const service = z.string().describe('id of a service: <name>.<cluster>.bnn');
const name = z.string().describe('what people type for it');
const address = z.strictObject({ host: z.string(), port: z.number().int() });
const milliseconds = z.number().describe('milliseconds since the epoch');
/** A union of the model, whose other fields depend on it. */
const state = z.looseObject({ status: z.string() });
const port = z.looseObject({
  host: z.string(),
  port: z.number().int().nullable(),
  source: z.enum(['override', 'assigned', 'chosen']),
});
const organisations = z.array(
  z.looseObject({ id: z.string(), name: z.string(), host: z.string(), isActive: z.boolean() }),
);
const entries = z.strictObject({
  file: z.string(),
  entries: z.array(
    z.strictObject({ service, name: z.string(), organisation: z.string().optional() }),
  ),
});
const factor = z.strictObject({
  factor: z.enum(POSTURE_FACTORS),
  state: z.enum(['met', 'failed', 'unknown', 'off']),
  fix: z.string().nullable(),
});
const certificate = z.strictObject({
  file: z.string(),
  subject: z.string(),
  issuer: z.string(),
  serial: z.string(),
  names: z.array(z.string()),
  validFrom: milliseconds,
  validTo: milliseconds,
});
const step = z.looseObject({ step: z.string(), status: z.enum(['ok', 'failed', 'unknown']) });
const listed = z.looseObject({
  id: service,
  name,
  friendlyName: z.string(),
  type: z.enum(SERVICE_TYPES),
  port: port.nullable(),
  tunnel: state,
  connectsByItself: z.boolean(),
});
const ready = ok({
  event: z.literal('ready'),
  home: z.string(),
  device: state,
  session: state,
  managed: state,
});

/** Of a command that fails, whichever it is; its exit code is that of docs/errors.md. */
export const failure = z.strictObject({
  ok: z.literal(false),
  error: z.strictObject({
    code: z.string(),
    message: z.string(),
    advice: z.string(),
    details: z.record(z.string(), z.unknown()).optional(),
  }),
});

export const cliSchemas = {
  register: ok({ device: state }),
  organisations: ok({ organisations }),
  switch: z.looseObject({ ok: z.literal(true) }),
  login: ok({ session: state }),
  logout: ok({}),
  status: ok({
    isRunning: z.boolean(),
    version: z.string(),
    home: z.string(),
    headline: z.string(),
    device: state,
    managed: state,
    session: state,
    tunnels: z.record(service, state),
  }),
  services: z.union([ok({ services: z.array(listed) }), ok({ names: z.array(name) })]),
  connect: ok({
    service,
    name,
    address,
    commands: z.array(z.strictObject({ label: z.string(), command: z.string() })),
    port: port.optional(),
  }),
  open: ok({
    service,
    name,
    url: z.string().optional(),
    file: z.string().optional(),
    program: z.enum(CLIENT_PROGRAMS).optional(),
  }),
  disconnect: ok({ service }),
  override: z.looseObject({ ok: z.literal(true), service, port }),
  'auto-connect': ok({ service, autoConnect: z.boolean() }),
  settings: ok({
    settings: z.array(
      z.strictObject({
        name: z.string(),
        value: z.union([z.boolean(), z.number(), z.string()]),
        managedBy: z.string().nullable(),
      }),
    ),
  }),
  'ssh-config': ok({ ssh: entries }),
  kubeconfig: ok({ kubernetes: entries, contexts: entries }),
  'kube-token': ok({
    apiVersion: z.enum(['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1']),
    kind: z.literal('ExecCredential'),
    status: z.strictObject({ token: z.string(), expirationTimestamp: z.iso.datetime() }),
  }),
  unlock: z.looseObject({ ok: z.literal(true) }),
  unregister: ok({ organisations, left: z.array(z.string()) }),
  up: z.union([ready, ok({ file: z.string() })]),
  ui: ok({ event: z.literal('ready'), url: z.string() }),
  diagnose: z.looseObject({ ok: z.literal(true), results: z.array(step) }),
  logs: ok({
    file: z.string(),
    lines: z.array(z.looseObject({ time: z.string(), level: z.string() })),
  }),
  connections: ok({
    connections: z.array(
      z.strictObject({
        id: z.number(),
        service,
        target: z.string(),
        startedAt: milliseconds,
        bytesSent: z.number(),
        bytesReceived: z.number(),
        durationMs: z.number().nullable(),
        outcome: z.string(),
        because: state.optional(),
      }),
    ),
  }),
  updates: z.union([
    ok({ version: z.string(), byItself: z.boolean(), updates: state }),
    ok({ restarts: z.literal(true) }),
  ]),
  certs: ok({
    folder: z.string(),
    device: z.strictObject({ name: z.string(), validTo: milliseconds }).nullable(),
    certificates: z.array(certificate),
  }),
  env: ok({ shell: z.enum(SHELL_NAMES), variables: z.record(z.string(), z.string()) }),
  posture: ok({
    trustLevel: z.enum(TRUST_LEVELS).nullable(),
    capReason: z.string().nullable(),
    checkedAt: milliseconds,
    factors: z.array(factor),
  }),
  completion: ok({ shell: z.enum(['bash', 'zsh', 'fish']), script: z.string() }),
  quit: z.looseObject({ ok: z.literal(true) }),
} satisfies Record<CommandName, z.ZodType>;
