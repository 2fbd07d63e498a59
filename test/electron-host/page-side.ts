// Two functions that run inside Chromium, so neither may use anything outside of itself. Chromium keeps the page's world
// and the preload's apart as Electron does; these carry contextBridge and ipcRenderer across.
import type { Codec } from './codec.ts';

type Post =
  | { is: 'call'; id: number; inputs: unknown }
  | { is: 'reply'; reply: unknown }
  | { is: 'settled'; id: number; value: unknown; error?: string }
  | { is: 'expose'; name: string; value: unknown };

export interface WorldLink {
  expose(name: string, value: unknown): void;
}

/**
 * contextBridge: one copy in each world. They talk by synchronous events, whose detail Chromium clones between worlds;
 * functions and promises are replaced by numbers. `key` is a secret that pages do not know.
 */
export function linkWorlds(key: string, me: string, peer: string): WorldLink {
  const { dispatchEvent, CustomEvent } = globalThis;
  const functions: ((...inputs: unknown[]) => unknown)[] = [];
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let promises = 0;
  let reply: unknown;

  function post(message: Post): unknown {
    reply = undefined;
    dispatchEvent.call(globalThis, new CustomEvent(key + peer, { detail: message }));
    return reply;
  }
  const settle = (id: number, value: unknown, error?: string): void =>
    void post({ is: 'settled', id, value: pack(value), ...(error !== undefined && { error }) });
  const text = (error: unknown): string => (error instanceof Error ? error.message : String(error));

  function pack(value: unknown): unknown {
    if (typeof value === 'function')
      return { is: 'function', id: functions.push(value as never) - 1 };
    if (typeof value === 'symbol') throw new TypeError('An object could not be cloned.');
    if (value instanceof Promise) {
      promises += 1;
      const id = promises;
      value.then(
        (result) => settle(id, result),
        (error: unknown) => settle(id, undefined, text(error)),
      );
      return { is: 'promise', id };
    }
    if (Array.isArray(value)) return { is: 'array', of: value.map(pack) };
    const prototype = typeof value === 'object' && value !== null && Object.getPrototypeOf(value);
    if (
      typeof value === 'object' &&
      value !== null &&
      (!prototype || prototype === Object.prototype)
    ) {
      return { is: 'object', of: Object.entries(value).map(([name, each]) => [name, pack(each)]) };
    }
    return { is: 'value', of: value };
  }

  function unpack(packed: unknown): unknown {
    const { is, id, of } = packed as { is: string; id: number; of: unknown[] };
    if (is === 'function') {
      return (...inputs: unknown[]): unknown => {
        const answer = post({ is: 'call', id, inputs: pack(inputs) }) as {
          value: unknown;
          error?: string;
        };
        if (answer.error !== undefined) throw new Error(answer.error);
        return unpack(answer.value);
      };
    }
    if (is === 'promise') {
      return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
    }
    if (is === 'array') return of.map(unpack);
    if (is !== 'object') return of;
    const entries = (of as [string, unknown][]).map(([name, each]) => [name, unpack(each)]);
    return Object.freeze(Object.fromEntries(entries));
  }

  function call(id: number, inputs: unknown): { value: unknown; error?: string } {
    try {
      return { value: pack(functions[id]?.(...(unpack(inputs) as unknown[]))) };
    } catch (error) {
      return { value: pack(undefined), error: text(error) };
    }
  }

  addEventListener(
    key + me,
    (event) => {
      event.stopImmediatePropagation();
      const message = (event as CustomEvent<Post>).detail;
      if (message.is === 'reply') reply = message.reply;
      else if (message.is === 'call') {
        const answer = call(message.id, message.inputs);
        dispatchEvent.call(
          globalThis,
          new CustomEvent(key + peer, { detail: { is: 'reply', reply: answer } }),
        );
      } else if (message.is === 'expose') {
        const value = unpack(message.value);
        Object.defineProperty(globalThis, message.name, { value, enumerable: true });
      } else {
        const promise = waiting.get(message.id);
        waiting.delete(message.id);
        if (message.error === undefined) promise?.resolve(unpack(message.value));
        else promise?.reject(new Error(message.error));
      }
    },
    true,
  );
  return { expose: (name, value) => void post({ is: 'expose', name, value: pack(value) }) };
}

/** ipcRenderer and `require('electron')` for the preload; `send` is a binding that reaches the host. */
export function runPreload(
  link: WorldLink,
  codec: Codec,
  send: (message: string) => void,
  preload: (require: unknown, module: unknown, exports: unknown, process: unknown) => void,
): void {
  type Listener = (event: object, ...inputs: unknown[]) => void;
  const listeners = new Map<string, Listener[]>();
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let calls = 0;
  const tell = (message: object): void => send(JSON.stringify(message));
  // Asked before Chromium makes a window: a window that is closed while it begins leaves its opener hanging.
  link.expose('open', (url: unknown) => {
    tell({
      is: 'open',
      url: new URL(typeof url === 'string' ? url : 'about:blank', location.href).href,
    });
    return null;
  });

  const ipcRenderer = {
    invoke: (channel: string, ...inputs: unknown[]) =>
      new Promise((resolve, reject) => {
        calls += 1;
        waiting.set(calls, { resolve, reject });
        tell({ is: 'invoke', id: calls, channel, inputs: codec.encode(inputs) });
      }),
    send: (channel: string, ...inputs: unknown[]) =>
      tell({ is: 'send', channel, inputs: codec.encode(inputs) }),
    on(channel: string, listener: Listener) {
      listeners.set(channel, [...(listeners.get(channel) ?? []), listener]);
      return ipcRenderer;
    },
    removeListener(channel: string, listener: Listener) {
      const left = (listeners.get(channel) ?? []).filter((each) => each !== listener);
      listeners.set(channel, left);
      return ipcRenderer;
    },
  };

  Object.assign(globalThis, {
    /** The host calls this, in this world only. */
    fromElectronHost(message: {
      id?: number;
      channel: string;
      inputs: unknown;
      value?: unknown;
      error?: string;
    }) {
      if (message.id === undefined) {
        const inputs = codec.decode(message.inputs) as unknown[];
        for (const listener of listeners.get(message.channel) ?? []) {
          listener({ sender: ipcRenderer }, ...inputs);
        }
        return;
      }
      const call = waiting.get(message.id);
      waiting.delete(message.id);
      if (message.error === undefined) call?.resolve(codec.decode(message.value));
      else call?.reject(new Error(message.error));
    },
  });

  const electron = {
    contextBridge: {
      exposeInMainWorld: (name: string, value: unknown) => link.expose(name, value),
    },
    ipcRenderer,
  };
  const module = { exports: {} };
  const require = (name: string): unknown => {
    if (name === 'electron') return electron;
    throw new Error(`module not found: ${name}`);
  };
  preload(require, module, module.exports, { type: 'renderer', sandboxed: true, env: {} });
}
