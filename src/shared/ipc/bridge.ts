// The shape that a window gets: one named function per call of the contract, and one way to listen. No generic invoke.
import { fromWireError } from '../errors.ts';
import type {
  CallName,
  ClientApi,
  Contract,
  Group,
  InputOf,
  OutputOf,
  Reply,
  SignalListener,
} from './contract.ts';
import { callNames } from './names.ts';

/** `window.client`. Answers are replies, not rejections: errors lose their code when they cross `contextBridge`. */
export type Bridge = {
  readonly [G in Group]: {
    readonly [C in keyof Contract[G] & string]: (input: unknown) => Promise<Reply>;
  };
} & { readonly subscribe: (listener: SignalListener) => () => void };

export interface Transport {
  invoke(name: CallName, input: unknown): Promise<Reply>;
  subscribe(listener: SignalListener): () => void;
}

export function createBridge(transport: Transport): Bridge {
  const groups: Record<string, Record<string, (input: unknown) => Promise<Reply>>> = {};
  for (const name of callNames) {
    const [group = '', call = ''] = name.split('.');
    (groups[group] ??= {})[call] = (input) => transport.invoke(name, input);
  }
  return {
    ...groups,
    subscribe: (listener: SignalListener) => transport.subscribe(listener),
  } as Bridge;
}

/** What front-end code uses: typed by name, rejecting with AppError. */
export function createClientApi(transport: Transport): ClientApi {
  return {
    async call<Name extends CallName>(name: Name, input: InputOf<Name>): Promise<OutputOf<Name>> {
      const reply = await transport.invoke(name, input);
      if (!reply.ok) throw fromWireError(reply.error);
      return reply.value as OutputOf<Name>;
    },
    subscribe: (listener) => transport.subscribe(listener),
  };
}

/** A bridge seen as a transport, for `createClientApi` on the far side of `contextBridge`. */
export const bridgeTransport = (bridge: Bridge): Transport => ({
  invoke(name, input) {
    const [group, call] = name.split('.') as [Group, string];
    const calls = bridge[group] as Record<string, (input: unknown) => Promise<Reply>>;
    const invoke = calls[call];
    if (!invoke) throw new Error(`no such call: ${name}`);
    return invoke(input);
  },
  subscribe: (listener) => bridge.subscribe(listener),
});
