// Chromium's DevTools protocol over its debugging pipe: JSON messages that end with a zero byte. No WebSocket needed.
import { EventEmitter } from 'node:events';
import type { Readable, Writable } from 'node:stream';

interface Message {
  id?: number;
  sessionId?: string;
  method?: string;
  params?: unknown;
  result?: unknown;
  error?: { message: string };
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
  method: string;
}

/** Emits the protocol's events by name. */
export class DevToolsSession extends EventEmitter {
  readonly #devTools: DevTools;
  readonly #id: string | undefined;

  constructor(devTools: DevTools, id?: string) {
    super();
    this.#devTools = devTools;
    this.#id = id;
  }

  send<Result = unknown>(method: string, params: object = {}): Promise<Result> {
    return this.#devTools.request(method, params, this.#id) as Promise<Result>;
  }
}

export class DevTools {
  readonly browser = new DevToolsSession(this);
  readonly #sessions = new Map<string, DevToolsSession>();
  readonly #waiting = new Map<number, Waiting>();
  readonly #output: Writable;
  #lastId = 0;

  constructor(output: Writable, input: Readable) {
    this.#output = output;
    let rest = '';
    input.setEncoding('utf8').on('data', (text: string) => {
      const messages = (rest + text).split('\0');
      rest = messages.pop() ?? '';
      for (const message of messages) this.#take(JSON.parse(message) as Message);
    });
    output.on('error', () => {}); // Chromium has gone; whoever runs it sees its exit
  }

  request(method: string, params: object, sessionId?: string): Promise<unknown> {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, method });
      this.#output.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  }

  async attach(targetId: string): Promise<DevToolsSession> {
    const { sessionId } = await this.browser.send<{ sessionId: string }>('Target.attachToTarget', {
      targetId,
      flatten: true,
    });
    const session = new DevToolsSession(this, sessionId);
    this.#sessions.set(sessionId, session);
    return session;
  }

  #take({ id, sessionId, method, params, result, error }: Message): void {
    if (id === undefined) {
      const session = sessionId === undefined ? this.browser : this.#sessions.get(sessionId);
      if (method) session?.emit(method, params);
      return;
    }
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error) waiting?.reject(new Error(`${waiting.method}: ${error.message}`));
    else waiting?.resolve(result);
  }
}
