// `window.client` for tests, derived from the contract: typed answers, typed signals, and a record of what was asked.
import { AppError, type ErrorCode, toWireError } from '../../src/shared/errors.ts';
import { type Bridge, createBridge, type Transport } from '../../src/shared/ipc/bridge.ts';
import type {
  CallName,
  InputOf,
  OutputOf,
  Reply,
  SignalListener,
  SignalName,
  Signals,
} from '../../src/shared/ipc/contract.ts';

type Answer<Name extends CallName> = (
  input: InputOf<Name>,
) => OutputOf<Name> | Promise<OutputOf<Name>>;

export interface FakeBridge {
  bridge: Bridge;
  /** What a browser tab has instead. */
  transport: Transport;
  /** Inputs of every call so far, in order. */
  calls: { name: CallName; input: unknown }[];
  answer<Name extends CallName>(name: Name, answer: Answer<Name>): void;
  refuse(name: CallName, code: ErrorCode, message: string): void;
  /** The call stays open, as it does while the client works. */
  hang(name: CallName): void;
  emit<Name extends SignalName>(name: Name, payload: Signals[Name]): void;
}

export function fakeBridge(): FakeBridge {
  const answers = new Map<CallName, (input: never) => unknown>();
  const listeners = new Set<SignalListener>();
  const calls: FakeBridge['calls'] = [];
  const transport: Transport = {
    async invoke(name, input): Promise<Reply> {
      calls.push({ name, input });
      const answer = answers.get(name);
      if (!answer) throw new Error(`the test gave no answer to ${name}`);
      try {
        return { ok: true, value: await answer(input as never) };
      } catch (error) {
        return { ok: false, error: toWireError(error) };
      }
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  return {
    calls,
    transport,
    answer: (name, answer) => void answers.set(name, answer),
    refuse(name, code, message) {
      answers.set(name, () => {
        throw new AppError(code, message);
      });
    },
    hang: (name) => void answers.set(name, () => new Promise(() => {})),
    emit(name, payload) {
      for (const listener of listeners) listener(name, payload);
    },
    bridge: createBridge(transport),
  };
}
