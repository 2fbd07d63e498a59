// The catalogue: `GET <command_center>/services`. See docs/protocol.md 6.
import { z } from '../schema.ts';
import {
  MODE_ALIASES,
  type ModeAlias,
  PROXY_MODES,
  SERVICE_TYPES,
  type Service,
} from '../model/service.ts';
import { hostName, label, parseHostPort, portNumber, sentence, serviceId } from './text.ts';

const isAlias = (mode: string): mode is ModeAlias =>
  (MODE_ALIASES as readonly string[]).includes(mode);

/** Aliases mean CHAIN; which one it was is kept, as one of them has a rule of its own. */
const proxyMode = z
  .string()
  .max(40)
  .transform((written): { mode: string; alias?: ModeAlias | undefined } =>
    isAlias(written) ? { mode: 'CHAIN', alias: written } : { mode: written },
  )
  .pipe(z.object({ mode: z.enum(PROXY_MODES), alias: z.enum(MODE_ALIASES).optional() }));

const address = z
  .string()
  .max(300)
  .transform((text, context) => {
    const parsed = parseHostPort(text, 8443);
    if (parsed) return parsed;
    context.addIssue('not host:port');
    return z.NEVER;
  });

/** `""`, `"None"` and null all mean "none assigned": the seeds' tools write each. */
const assignedPort = z.union([
  z.union([z.literal(''), z.literal('None'), z.null()]).transform(() => null),
  portNumber,
]);

/** Host names of a collection as the definition gives them: a leading or trailing `*` is allowed. */
const hostPattern = z
  .string()
  .max(255)
  .regex(/^[a-z0-9*._:-]+$/i);

/** One entry; unknown fields are ignored so that an older app can read a newer catalogue. */
export const catalogEntry = z.object({
  id: serviceId,
  name: z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/),
  friendly_name: label.default(''),
  description: sentence.default(''),
  service_app_type: z.enum(SERVICE_TYPES),
  domain: hostName,
  access_tier: address,
  ca: z.enum(['organisation', 'system']).default('organisation'),
  banyanproxy_mode: proxyMode.prefault('TCP'),
  app_listen_port: assignedPort.default(null),
  allow_user_override: z.boolean().default(true),
  include_domains: z.array(z.string().max(255)).max(1000).default([]),
  autorun: z.boolean().default(false),
  allowed_targets: z
    .array(
      z.object({
        hostnames: z.array(hostPattern).max(1000).default([]),
        cidrs: z.array(z.string().max(60)).max(1000).default([]),
        ports: z
          .array(z.string().regex(/^\d{1,5}(?:-\d{1,5})?$/))
          .max(1000)
          .default([]),
      }),
    )
    .max(100)
    .default([]),
  access: z
    .discriminatedUnion('status', [
      z.object({ status: z.literal('allowed') }),
      z.object({ status: z.literal('denied'), code: label, reason: sentence }),
    ])
    .default({ status: 'allowed' }),
});
export type CatalogEntry = z.input<typeof catalogEntry>;

/** More would flood the window, and no person finds anything among them. */
const MOST_SERVICES = 2_000;

export const catalogDocument = z.object({
  version: z.literal(1),
  services: z.array(z.unknown()).max(MOST_SERVICES),
});
export type CatalogDocument = { version: 1; services: CatalogEntry[] };

/** One entry as the model's Service, or the reason why it is not one: a bad entry must not hide the good ones. */
export function decodeService(entry: unknown): { service: Service } | { problem: string } {
  const result = catalogEntry.safeParse(entry);
  if (!result.success) return { problem: z.prettifyError(result.error) };
  const value = result.data;
  return {
    service: {
      id: value.id,
      name: value.name,
      friendlyName: value.friendly_name || value.name,
      description: value.description,
      type: value.service_app_type,
      domain: value.domain,
      accessTier: value.access_tier,
      ca: value.ca,
      mode: value.banyanproxy_mode.mode,
      ...(value.banyanproxy_mode.alias && { modeAlias: value.banyanproxy_mode.alias }),
      assignedPort: value.app_listen_port,
      allowUserOverride: value.allow_user_override,
      includeDomains: value.include_domains,
      autorun: value.autorun,
      allowedTargets: value.allowed_targets,
      access: value.access,
    },
  };
}
