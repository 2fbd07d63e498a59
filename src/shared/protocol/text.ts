// Decoders for the small texts that several messages share. Bounded, so that no answer can flood a log or a window.
import { z } from '../schema.ts';

/** A DNS name or IP literal without port, lower case. */
export const hostName = z
  .string()
  .min(1)
  .max(253)
  .regex(
    /^(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*|[0-9a-f:]+)$/i,
  )
  .transform((host) => host.toLowerCase());

export const NO_PORT = 'is no port: they are numbers from 1 to 65535';
/** TCP port; strings of digits are read too, as the seeds' tools write both. */
export const portNumber = z
  .union(
    [
      z.number(),
      z
        .string()
        .regex(/^\d{1,5}$/)
        .transform(Number),
    ],
    NO_PORT,
  )
  .pipe(z.number().int(NO_PORT).min(1, NO_PORT).max(65535, NO_PORT));

/** SHA-256 as base64url without padding. */
export const sha256 = z.string().regex(/^[A-Za-z0-9_-]{43}$/);

/**
 * `<name>.<cluster>.bnn`. Ids are keys of files, records and objects: with a dot in it, none is the name of something
 * that every object has, such as `constructor` or `__proto__`.
 */
export const serviceId = z
  .string()
  .max(200)
  .regex(/^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/);

export const label = z.string().max(200);
export const sentence = z.string().max(1000);

export const httpsUrl = z.url({ protocol: /^https$/ }).max(2048);

export { formatHostPort, type HostAndPort, parseHostPort } from './host-port.ts';
