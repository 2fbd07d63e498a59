// Fields of a document that nobody reads. They are kept; that one is misspelt may change who gets in, so it is told.
import { z } from '../../shared/schema.ts';
import type { Path } from './parse.ts';
import { nearest } from './read.ts';

type Shape = z.core.JSONSchema.JSONSchema;

export interface Unread {
  path: Path;
  value: unknown;
  /** What was meant, perhaps: a field of this place that is not there. */
  near: string | null;
}

/** In the order of the document; of a field that is not read, nothing of what is in it. */
export const unread = (schema: z.ZodType, document: unknown): Unread[] =>
  walk([z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })], document, []);

function walk(alternatives: readonly Shape[], value: unknown, path: Path): Unread[] {
  const shapes = alternatives.flatMap(simple);
  if (Array.isArray(value)) {
    const items = shapes.flatMap(({ items }) => (isShape(items) ? [items] : []));
    return value.flatMap((item, at) => walk(items, item, [...path, at]));
  }
  const objects = shapes.filter(({ properties }) => properties);
  // Where any name goes, none is misspelt.
  if (typeof value !== 'object' || value === null || objects.length < 1) return [];
  const names = new Set(objects.flatMap(({ properties }) => Object.keys(properties ?? {})));
  return Object.entries(value).flatMap(([name, inside]): Unread[] => {
    const at = [...path, name];
    if (names.has(name)) {
      const known = objects.map(({ properties }) => properties?.[name]).filter(isShape);
      return walk(known, inside, at);
    }
    const free = [...names].filter((other) => !Object.hasOwn(value, other));
    return [{ path: at, value: inside, near: nearest(name, free) }];
  });
}

const isShape = (part: unknown): part is Shape => typeof part === 'object' && !Array.isArray(part);

const simple = (shape: Shape): Shape[] => {
  const parts = [...(shape.anyOf ?? []), ...(shape.oneOf ?? []), ...(shape.allOf ?? [])];
  return parts.length > 0 ? parts.filter(isShape).flatMap(simple) : [shape];
};
