// Where a service is met and what it shows there: `spec.attributes`, `spec.cert_settings`, `spec.client_cidrs`.
import { isAbsolute } from 'node:path';
import { z } from '../../shared/schema.ts';
import { portNumber } from '../../shared/protocol/text.ts';
import { cidr, domainName, flag, list, text } from './fields.ts';

const tag = z.string().min(1).max(200);

export const attributes = z
  .object({
    tls_sni: list(domainName),
    frontend_addresses: list(
      z.object({ cidr: z.union([z.literal(''), cidr]).nullish(), port: portNumber }),
    ),
    host_tag_selector: list(z.record(tag, tag)),
  })
  .nullish()
  .transform((given) => ({
    /** Empty: by its domain; with frontend addresses, whatever comes there. */
    names: given?.tls_sni ?? [],
    /** Empty: the Access Tier's own port, at each of its addresses. */
    frontends: (given?.frontend_addresses ?? []).map(({ cidr: range, port }) => ({
      /** Empty: each of its addresses. */
      cidr: range ?? '',
      port,
    })),
    /** Empty: every Access Tier; else those that have all the tags of one of these. */
    hostTags: given?.host_tag_selector ?? [],
  }));

const customCertificate = z
  .object({ enabled: flag(false), cert_file: text, key_file: text })
  .superRefine(({ enabled, ...files }, context) => {
    if (!enabled) return;
    for (const [name, file] of Object.entries(files)) {
      if (isAbsolute(file)) continue;
      context.addIssue({ code: 'custom', path: [name], message: 'has to be a whole path' });
    }
  });

export const certSettings = z
  .object({
    letsencrypt: flag(false),
    dns_names: list(domainName),
    custom_tls_cert: customCertificate.nullish(),
  })
  .refine(({ letsencrypt, custom_tls_cert }) => !letsencrypt || !custom_tls_cert?.enabled, {
    path: ['letsencrypt'],
    message:
      'custom_tls_cert is enabled too, and a service shows one certificate: leave one of them out',
  })
  .nullish()
  .transform((given) => ({
    dnsNames: given?.dns_names ?? [],
    /** From the ACME directory of the edge's configuration, whichever that is. */
    byAcme: given?.letsencrypt ?? false,
    /** Files of the edge's own machine; null: a certificate of the organisation's own authority. */
    files: given?.custom_tls_cert?.enabled
      ? { cert: given.custom_tls_cert.cert_file, key: given.custom_tls_cert.key_file }
      : null,
  }));

/** Checked and kept: connections come here by name, so further addresses to intercept change nothing. */
export const clientCidrs = list(
  z.object({
    addresses: list(z.object({ cidr, ports: text })),
    host_tag_selector: list(z.record(tag, tag)),
    clusters: list(text),
  }),
);
