// What Electron's IPC carries by structured clone goes over DevTools as JSON: this puts into JSON what it has no words
// for. Runs on both sides, so it must not use anything outside of itself.

export interface Codec {
  encode(value: unknown): unknown;
  decode(coded: unknown): unknown;
}

export function createCodec(): Codec {
  function encode(value: unknown): unknown {
    if (value === undefined) return { is: 'undefined' };
    if (typeof value === 'bigint') return { is: 'bigint', of: String(value) };
    if (typeof value === 'number' && !Number.isFinite(value)) {
      return { is: 'number', of: String(value) };
    }
    if (typeof value === 'function' || typeof value === 'symbol') {
      throw new TypeError('An object could not be cloned.');
    }
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map(encode);
    if (value instanceof Date) return { is: 'date', of: value.getTime() };
    if (value instanceof Uint8Array) return { is: 'bytes', of: [...value] };
    if (value instanceof Map) return { is: 'map', of: [...value].map(encode) };
    if (value instanceof Set) return { is: 'set', of: [...value].map(encode) };
    if (value instanceof Error) return { is: 'error', of: value.message };
    return { is: 'object', of: Object.entries(value).map(([key, each]) => [key, encode(each)]) };
  }

  function decode(coded: unknown): unknown {
    if (typeof coded !== 'object' || coded === null) return coded;
    if (Array.isArray(coded)) return coded.map(decode);
    const { is, of } = coded as { is: string; of: never };
    switch (is) {
      case 'undefined':
        return undefined;
      case 'bigint':
        return BigInt(of);
      case 'number':
        return Number(of);
      case 'date':
        return new Date(of);
      case 'bytes':
        return Uint8Array.from(of);
      case 'map':
        return new Map(decode(of) as [unknown, unknown][]);
      case 'set':
        return new Set(decode(of) as unknown[]);
      case 'error':
        return new Error(of);
      default:
        return Object.fromEntries(
          (of as [string, unknown][]).map(([key, each]) => [key, decode(each)]),
        );
    }
  }

  return { encode, decode };
}
