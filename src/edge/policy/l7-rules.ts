// Which requests of a web service a rule of a policy is about (`l7_access`): resources by path, actions by method. A `!` denies, and beats
// whatever allows. Where a path can be read in two ways, what denies counts and what allows does not.
import { isPlainPath } from './exempted-requests.ts';

export interface L7Rule {
  /** Paths with a `*` in front, at the end or alone; with a `!` before it, denied. */
  resources: readonly string[];
  actions: readonly L7Action[];
}
export const L7_ACTIONS = ['CREATE', 'READ', 'UPDATE', 'DELETE', 'WRITE', '*'] as const;
export type L7Action = (typeof L7_ACTIONS)[number];

export interface L7Request {
  method: string;
  /** As it stands in the request line, without the query. */
  path: string;
}

const ACTION_OF: ReadonlyMap<string, L7Action> = new Map([
  ['GET', 'READ'],
  ['HEAD', 'READ'],
  ['OPTIONS', 'READ'],
  ['POST', 'CREATE'],
  ['PUT', 'UPDATE'],
  ['PATCH', 'UPDATE'],
  ['DELETE', 'DELETE'],
]);

/** No rules at all: every request. */
export const allowsRequest = (rules: readonly L7Rule[], { method, path }: L7Request): boolean =>
  rules.length === 0 ||
  rules.some(
    ({ resources, actions }) =>
      coversAction(actions, method, false) &&
      resources.some((resource) => !resource.startsWith('!') && matches(resource, read(path))),
  );

export const deniesRequest = (rules: readonly L7Rule[], { method, path }: L7Request): boolean =>
  rules.some(
    ({ resources, actions }) =>
      coversAction(actions, method, true) &&
      resources
        .filter((resource) => resource.startsWith('!'))
        .some((resource) => {
          const plain = read(path);
          return (
            plain === null ||
            spellings(plain).some((each) => matches(resource.slice(1), each, folded))
          );
        }),
  );

/** Some backends do not tell small letters from others, drop what stands at the end of a name, or add a slash to it. */
const spellings = (path: string): string[] => {
  const name = folded(path)
    .replace(/[.\s]+(?=\/|$)/g, '')
    .replace(/\/+$/, '');
  return [folded(path), name, `${name}/`];
};
const folded = (text: string): string => text.toLowerCase();

/** `otherwise`: of a method that is none of these actions. */
function coversAction(actions: readonly L7Action[], method: string, otherwise: boolean): boolean {
  const action = ACTION_OF.get(method);
  if (actions.includes('*')) return true;
  if (action === undefined) return otherwise;
  return actions.includes(action) || (action !== 'READ' && actions.includes('WRITE'));
}

/** null: a backend may read it as another one. */
const read = (path: string): string | null => (isPlainPath(path) ? decoded(path) : null);

function decoded(path: string): string | null {
  try {
    return decodeURIComponent(path);
  } catch (error) {
    if (error instanceof URIError) return null;
    throw error;
  }
}

function matches(
  resource: string,
  path: string | null,
  spelt: (text: string) => string = (text) => text,
): boolean {
  if (resource === '*') return true;
  if (path === null) return false;
  const [isOpenBefore, isOpenAfter] = [resource.startsWith('*'), resource.endsWith('*')];
  const written = resource.slice(isOpenBefore ? 1 : 0, isOpenAfter ? -1 : undefined);
  const middle = spelt(decoded(written) ?? written); // an escape may stand in a rule as in a request
  if (isOpenBefore && isOpenAfter) return path.includes(middle);
  if (isOpenBefore) return path.endsWith(middle);
  return isOpenAfter ? path.startsWith(middle) : path === middle;
}
