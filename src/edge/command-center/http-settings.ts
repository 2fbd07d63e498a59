// `spec.http_settings` of a service: how browsers sign in, what nobody has to sign in for, what its backend is told.
import { z } from '../../shared/schema.ts';
import { type Exemptions, parseOrigin } from '../policy/exempted-requests.ts';
import { cidr, flag, headerName, isNothing, list, text } from './fields.ts';

const path = z
  .string()
  .max(1000)
  .regex(/^\/[^*?#\s]*\*?$/, 'has to begin with a slash, and may have a * at its end only');
const origin = z
  .string()
  .refine(
    (value) => value === '*' || parseOrigin(value) !== null,
    'is neither * nor scheme://host:port',
  );
/** What is mandatory in a pattern: left out, it would match nothing, or everything. */
const some = <Item extends z.ZodType>(item: Item) => z.array(item).min(1).max(1000);

const requestPattern = z
  .object({
    source_cidrs: list(cidr),
    hosts: some(z.object({ origin_header: some(origin), target: some(origin) })),
    methods: some(z.union([z.literal('*'), z.string().regex(/^[A-Za-z]{1,20}$/)])),
    mandatory_headers: some(z.union([z.literal('*'), headerName])),
    paths: some(path),
  })
  .transform(({ source_cidrs, hosts, methods, mandatory_headers, paths }) => ({
    sourceCidrs: source_cidrs,
    hosts: hosts.map(({ origin_header, target }) => ({ origins: origin_header, targets: target })),
    methods,
    mandatoryHeaders: mandatory_headers,
    paths,
  }));

/** The product's tools write one pattern without anything in it where there is none: nothing is exempted. */
const withoutPlaceholder = (patterns: unknown): unknown =>
  Array.isArray(patterns) && patterns.length === 1 && isNothing(patterns[0]) ? [] : patterns;

const exemptedPaths = z.object({
  enabled: flag(false),
  paths: list(path),
  patterns: z.preprocess(withoutPlaceholder, list(requestPattern)),
});

const healthCheck = z
  .object({
    enabled: flag(false),
    path: text,
    method: text,
    user_agent: text,
    from_address: list(cidr),
    https: flag(false),
  })
  .refine((check) => !check.enabled || /^\/[^*?#\s]*$/.test(check.path), {
    path: ['path'],
    message: 'has to begin with a slash',
  });

/** Of a page of ours on a service's own host; what the backend has there cannot be reached. */
export const CALLBACK_PATH = '/bnn_trust_cb';

/** An address of the service itself: `https://host[:port]`. */
const serviceAddress = (paths: readonly string[]) =>
  z.string().transform((written, context) => {
    const url = URL.canParse(written) ? new URL(written) : null;
    const isOurs =
      url?.protocol === 'https:' &&
      url.username === '' &&
      url.search === '' &&
      url.hash === '' &&
      paths.includes(url.pathname);
    if (isOurs) return url.origin;
    context.addIssue(
      `is not https://host[:port]${paths.includes(CALLBACK_PATH) ? `, with ${CALLBACK_PATH} or no path` : ''}`,
    );
    return z.NEVER;
  });

export const httpSettings = z
  .object({
    enabled: flag(true),
    oidc_settings: z
      .object({
        enabled: flag(true),
        service_domain_name: z
          .literal('')
          .or(serviceAddress(['/']))
          .nullish(),
        trust_callbacks: z
          .record(z.string().max(255), serviceAddress(['/', CALLBACK_PATH]))
          .nullish(),
        suppress_device_trust_verification: flag(false),
        api_path: path.or(z.literal('')).nullish(),
        post_auth_redirect_path: path.or(z.literal('')).nullish(),
      })
      .nullish(),
    http_health_check: healthCheck.nullish(),
    exempted_paths: exemptedPaths.nullish(),
    /** Added to every request of somebody who has signed in; values are templates, see access-tier/web/headers.ts. */
    headers: z.record(headerName, z.string().max(1000)).nullish(),
  })
  .nullish()
  .transform((settings) => ({
    /** Whether people sign in with a browser. */
    signsIn: (settings?.enabled ?? true) && (settings?.oidc_settings?.enabled ?? true),
    /** How browsers reach it, the main one first; empty: by its names, at the port of the Access Tier. */
    origins: [
      ...(settings?.oidc_settings?.service_domain_name
        ? [settings.oidc_settings.service_domain_name]
        : []),
      ...Object.values(settings?.oidc_settings?.trust_callbacks ?? {}),
    ],
    exemptsUnregisteredDevices:
      settings?.oidc_settings?.suppress_device_trust_verification ?? false,
    apiPath: settings?.oidc_settings?.api_path || '/api',
    /** Where a browser goes after signing in; empty: to where it came from. */
    returnPath: settings?.oidc_settings?.post_auth_redirect_path || '',
    exemptions: exemptionsOf(settings?.exempted_paths, settings?.http_health_check),
    headers: settings?.headers ?? {},
  }));

function exemptionsOf(
  exempted: z.output<typeof exemptedPaths> | null | undefined,
  check: z.output<typeof healthCheck> | null | undefined,
): Exemptions {
  return {
    paths: exempted?.enabled ? exempted.paths : [],
    patterns: exempted?.enabled ? exempted.patterns : [],
    healthCheck: check?.enabled
      ? {
          path: check.path,
          method: check.method || 'GET',
          userAgent: check.user_agent,
          fromAddresses: check.from_address,
          https: check.https,
        }
      : null,
  };
}
