// The forms of a console as documents: services, roles and policies from what was asked for at the command line. The
// edge checks them as it checks any other document.
import { parseHostPort } from '../../shared/protocol/host-port.ts';
import { SERVICE_TYPES } from '../../shared/model/service.ts';
import { type Arguments, choiceOf, numberOf, usage } from './arguments.ts';

const PORTS = { least: 1, most: 65535 };
const CLUSTER = 'main';
/** Where nothing else is said, the product's administrators' tools write these. */
const ACCESS_TIER_PORT = { tcp: '8443', web: '443' };

const envelope = (kind: string, type: string, metadata: object, spec: object): object => ({
  kind,
  apiVersion: 'rbac.banyanops.com/v1',
  type,
  metadata,
  spec,
});

export function serviceTemplate(name: string, given: Arguments): object {
  const type = choiceOf(given, 'type', SERVICE_TYPES) ?? 'GENERIC';
  const domain = given.text('domain');
  if (domain === undefined) throw usage('--domain is needed: the name that people know it by.');
  const isWeb = type === 'WEB';
  const port = numberOf(given, 'port', PORTS);
  const tags = {
    template: isWeb ? 'WEB_USER' : 'TCP_USER',
    user_facing: 'true',
    protocol: isWeb ? 'https' : 'tcp',
    domain,
    port: String(port ?? (isWeb ? ACCESS_TIER_PORT.web : ACCESS_TIER_PORT.tcp)),
    icon: '',
    service_app_type: type,
    description_link: '',
    ...(isWeb ? {} : connectionSettings(given)),
  };
  return envelope(
    'BanyanService',
    'origin',
    {
      name,
      friendly_name: given.text('friendly-name') ?? name,
      description: given.text('description') ?? '',
      cluster: given.text('cluster') ?? CLUSTER,
      autorun: false,
      tags,
    },
    {
      // Without one of its own it is met at the port of the Access Tier, whichever that is.
      attributes: {
        tls_sni: [domain],
        frontend_addresses: port === undefined ? [] : [{ cidr: '', port: tags.port }],
      },
      backend: backendOf(given),
      cert_settings: { dns_names: [domain] },
      http_settings: { enabled: isWeb, ...(isWeb && { oidc_settings: { enabled: true } }) },
      client_cidrs: [],
    },
  );
}

/** "Service Connection Settings". */
function connectionSettings(given: Arguments): object {
  const port = numberOf(given, 'listen-port', PORTS);
  return {
    banyanproxy_mode: given.has('http-connect') ? 'CHAIN' : 'TCP',
    app_listen_port: port === undefined ? '' : String(port),
    allow_user_override: !given.has('no-override'),
    include_domains: given.list('proxy-domain'),
  };
}

function backendOf(given: Arguments): object {
  const written = given.text('backend');
  const isCollection = given.has('http-connect');
  if (isCollection === (written !== undefined)) {
    throw usage('A service has either --backend HOST:PORT or --http-connect.');
  }
  const dns_overrides = Object.fromEntries(given.list('dns-override').map(overrideOf));
  if (isCollection) {
    const pattern = patternOf(given);
    return {
      target: { name: '', port: '' },
      http_connect: true,
      dns_overrides,
      whitelist: [],
      allow_patterns: [pattern],
    };
  }
  for (const option of ['allow-hostname', 'allow-cidr', 'allow-port']) {
    if (given.list(option).length > 0) throw usage(`--${option} goes with --http-connect.`);
  }
  const target = parseHostPort(written ?? '', 0);
  if (!target) throw usage(`--backend takes HOST:PORT, not "${written}".`);
  return {
    target: { name: target.host, port: String(target.port), tls: given.has('backend-tls') },
    dns_overrides,
    whitelist: [],
  };
}

/** The "simple list of Allowed Hostnames and CIDR Ranges": where both are given, both have to match. */
function patternOf(given: Arguments): object {
  const port_list: number[] = [];
  const port_ranges: { min: number; max: number }[] = [];
  for (const written of given.list('allow-port')) {
    const [, from = '', to] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(written) ?? [];
    if (from === '') throw usage(`--allow-port takes a port or FROM-TO, not "${written}".`);
    if (to === undefined) port_list.push(Number(from));
    else port_ranges.push({ min: Number(from), max: Number(to) });
  }
  return {
    hostnames: given.list('allow-hostname'),
    cidrs: given.list('allow-cidr'),
    ports: { port_list, port_ranges },
  };
}

function overrideOf(written: string): [string, string] {
  const [, name, target] = /^([^=\s]+)=([^=\s]+)$/.exec(written) ?? [];
  if (name && target) return [name, target];
  throw usage(`--dns-override takes NAME=NAME or NAME=ADDRESS, not "${written}".`);
}

export const roleTemplate = (name: string, given: Arguments): object =>
  envelope(
    'BanyanRole',
    'origin',
    { name, description: given.text('description') ?? '', tags: { template: 'USER' } },
    {
      group: given.list('group'),
      email: given.list('email'),
      device_ownership: given.list('ownership'),
      platform: given.list('platform'),
      serial_numbers: given.list('serial'),
      known_device_only: given.has('known-device-only'),
      mdm_present: given.has('managed-only'),
    },
  );

/** "Basic Authorization Policy for Users". */
export function policyTemplate(name: string, given: Arguments): object {
  const roles = given.list('role');
  if (roles.length === 0) throw usage('--role is needed: a policy without one lets nobody in.');
  const isWeb = choiceOf(given, 'for', ['tcp', 'web']) === 'web';
  const conditions = {
    trust_level: choiceOf(given, 'trust-level', ['Low', 'Medium', 'High']) ?? '',
    start_time: given.text('from') ?? '',
    end_time: given.text('until') ?? '',
  };
  const l7_access = isWeb ? [{ resources: ['*'], actions: ['*'] }] : [];
  return envelope(
    'BanyanPolicy',
    'USER',
    { name, description: given.text('description') ?? '', tags: { template: 'USER' } },
    {
      options: { disable_tls_client_authentication: isWeb, l7_protocol: isWeb ? 'http' : '' },
      access: [{ roles, rules: { l7_access, conditions } }],
      exception: { src_addr: [] },
    },
  );
}
