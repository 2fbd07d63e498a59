/** Ends a switch over a closed union: a variant that is added later no longer compiles here. */
export function exhaustive(value: never): never {
  throw new Error(`unhandled variant: ${JSON.stringify(value)}`);
}
