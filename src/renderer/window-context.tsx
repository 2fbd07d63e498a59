// What every component of one window shares: the client, its mirror, the link to it and the view. One per window,
// handed down instead of imported, so that tests run as many windows as they like.
import {
  createContext,
  type ReactNode,
  useContext,
  useEffect,
  useState,
  useSyncExternalStore,
} from 'react';
import { useStore } from 'zustand';
import { toWireError, type WireError } from '../shared/errors.ts';
import type { CallName, ClientApi, InputOf, OutputOf, Snapshot } from '../shared/ipc/contract.ts';
import type { Link, LinkState } from './link.ts';
import { keepFilters, type WindowStorage } from './stores/kept-filters.ts';
import { createMirror, type Mirror } from './stores/mirror.ts';
import { createThroughput, type Throughput } from './stores/throughput.ts';
import { createView, type View, type ViewStore } from './stores/view.ts';

interface WindowParts {
  client: ClientApi;
  link: Link;
  mirror: Mirror;
  throughput: Throughput;
  view: ViewStore;
}

const WindowContext = createContext<WindowParts | null>(null);

export function WindowProvider(props: {
  client: ClientApi;
  link: Link;
  /** Keeps over a reload what a person has narrowed the list to. */
  storage?: WindowStorage | undefined;
  children: ReactNode;
}) {
  const { client, link, storage } = props;
  const [parts] = useState(() => {
    const mirror = createMirror(client, link);
    return { client, link, mirror, throughput: createThroughput(mirror), view: viewWith(storage) };
  });
  useEffect(() => {
    const stops = [parts.throughput.start(), parts.mirror.start()];
    return () => stops.forEach((stop) => stop());
  }, [parts]);
  return <WindowContext value={parts}>{props.children}</WindowContext>;
}

function viewWith(storage: WindowStorage | undefined): ViewStore {
  const view = createView();
  if (storage) keepFilters(view, storage);
  return view;
}

function useParts(): WindowParts {
  const parts = useContext(WindowContext);
  if (!parts) throw new Error('this component needs a WindowProvider');
  return parts;
}

export const useMirror = (): Mirror => useParts().mirror;

export const useTotalsOf = (): Throughput['totalsOf'] => useParts().throughput.totalsOf;

/** Whether the snapshot has arrived, and why not. */
export function useFailure(): { ready: boolean; failure: WireError | null } {
  const { store } = useParts().mirror;
  const ready = useStore(store, ({ snapshot }) => snapshot !== null);
  const failure = useStore(store, ({ failure }) => failure);
  return { ready, failure };
}

/** Reads the client's truth; only below the place where the snapshot has arrived. */
export function useTruth<Value>(select: (snapshot: Snapshot) => Value): Value {
  return useStore(useParts().mirror.store, ({ snapshot }) => {
    if (!snapshot) throw new Error('the snapshot has not arrived yet');
    return select(snapshot);
  });
}

export const useView = <Value,>(select: (view: View) => Value): Value =>
  useStore(useParts().view, select);

export function useSetView(): (change: Partial<View>) => void {
  return useParts().view.setState;
}

export function useLinkState(): LinkState {
  const { link } = useParts();
  return useSyncExternalStore(link.watch, link.state);
}

export const useOpensPages = (): boolean => useParts().link.opensPages;

export interface CallState<Name extends CallName> {
  /** Resolves with the outcome, or with undefined after a failure, which `error` then holds. Never rejects. */
  run(input: InputOf<Name>): Promise<OutputOf<Name> | undefined>;
  pending: boolean;
  error: WireError | null;
  forget(): void;
}

/** One call, with what a component needs to show beside its button. */
export function useCall<Name extends CallName>(name: Name): CallState<Name> {
  const { client } = useParts();
  const [pending, setPending] = useState(false);
  const [error, setError] = useState<WireError | null>(null);
  return {
    pending,
    error,
    forget: () => setError(null),
    async run(input) {
      setPending(true);
      setError(null);
      try {
        return await client.call(name, input);
      } catch (thrown) {
        setError(toWireError(thrown));
        return undefined;
      } finally {
        setPending(false);
      }
    },
  };
}
