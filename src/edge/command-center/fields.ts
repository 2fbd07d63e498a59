// How the fields of administrators' documents are written: their tools differ in what they put where nothing is said.
import { z } from '../../shared/schema.ts';
import { hostName, NO_PORT, portNumber } from '../../shared/protocol/text.ts';
import { parseCidr } from '../policy/addresses.ts';

/** Administrators' tools write null, nothing and [] for the same. */
export const list = <Item extends z.ZodType>(item: Item) =>
  z
    .array(item)
    .max(1000)
    .nullish()
    .transform((items) => items ?? []);
export const text = z
  .string()
  .max(1000)
  .nullish()
  .transform((value) => value ?? '');
export const flag = (fallback: boolean) =>
  z
    .union([z.boolean(), z.enum(['true', 'false', 'TRUE', 'FALSE'])], 'is neither true nor false')
    .nullish()
    .transform((value) => (value == null ? fallback : String(value).toLowerCase() === 'true'));

export const orEmpty = <Text extends z.ZodType<string>>(decoder: Text) =>
  decoder.nullish().transform((value) => value ?? '');

/** However deep: null, nothing, '', [] and {} all say nothing. */
export const isNothing = (value: unknown): boolean =>
  value == null ||
  value === '' ||
  (typeof value === 'object' && Object.values(value).every(isNothing));
/** A restriction that is not enforced here: to ignore it would let in whom it shuts out. */
export const absent = (why: string) => z.unknown().optional().refine(isNothing, why);

/** RFC 9110 5.6.2. */
export const headerName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/);

export const cidr = z
  .string()
  .refine((value) => parseCidr(value) !== null, 'is not an address or a CIDR');

/** `*.corp.example.com` stands for every name of one more label; a `*` alone would be everybody's. */
export const domainName = z.union(
  [
    hostName,
    z
      .string()
      .regex(/^\*\.[^.]+\../)
      .transform((name) => name.slice(2))
      .pipe(hostName)
      .transform((name) => `*.${name}`),
  ],
  'is neither a DNS name nor *. and one of two labels at least',
);
export const portOr = <Words extends string>(...words: readonly [Words, ...Words[]]) =>
  z.union([z.literal(words), portNumber], NO_PORT);
