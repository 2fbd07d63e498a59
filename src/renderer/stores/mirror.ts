// The client's truth as this window knows it. Written only here, by the snapshot and by signals; components read.
import { createStore, type StoreApi } from 'zustand/vanilla';
import { toWireError, type WireError } from '../../shared/errors.ts';
import type {
  ClientApi,
  SignalName,
  Signals,
  Slices,
  Snapshot,
} from '../../shared/ipc/contract.ts';
import type { Link } from '../link.ts';

interface MirrorState {
  snapshot: Snapshot | null;
  /** Why there is no snapshot. */
  failure: WireError | null;
}

export interface Mirror {
  store: StoreApi<MirrorState>;
  /** Listens and asks for the snapshot, and again after every interruption. Returns how to stop. */
  start(): () => void;
  refetch(): Promise<void>;
}

const sliceOf = (name: SignalName): keyof Slices => name.split('.')[0] as keyof Slices;

/** A slice that is not newer than ours changes nothing: the same object comes back. */
export function applySignal<Name extends SignalName>(
  snapshot: Snapshot,
  name: Name,
  { revision, value }: Signals[Name],
): Snapshot {
  const slice = sliceOf(name);
  if (revision <= snapshot.revisions[slice]) return snapshot;
  return {
    ...snapshot,
    slices: { ...snapshot.slices, [slice]: value },
    revisions: { ...snapshot.revisions, [slice]: revision },
  };
}

/** A snapshot may have been overtaken by signals while it travelled: the newer slice wins, one by one. */
export function mergeSnapshot(ours: Snapshot | null, theirs: Snapshot): Snapshot {
  if (!ours) return theirs;
  let merged = theirs;
  for (const slice of Object.keys(ours.slices) as (keyof Slices)[]) {
    merged = applySignal(merged, `${slice}.changed`, {
      revision: ours.revisions[slice],
      value: ours.slices[slice],
    } as Signals[SignalName]);
  }
  return merged;
}

export function createMirror(client: ClientApi, link: Link): Mirror {
  const store = createStore<MirrorState>(() => ({ snapshot: null, failure: null }));
  /** Signals that arrived before the first snapshot. */
  let early: ((snapshot: Snapshot) => Snapshot)[] = [];

  async function refetch(): Promise<void> {
    try {
      const answer = await client.call('app.snapshot', {});
      const merged = mergeSnapshot(store.getState().snapshot, answer);
      store.setState({
        snapshot: early.reduce((snapshot, apply) => apply(snapshot), merged),
        failure: null,
      });
      early = [];
    } catch (error) {
      store.setState({ failure: toWireError(error) });
    }
  }

  return {
    store,
    refetch,
    start() {
      const stopSignals = client.subscribe((name, payload) => {
        const { snapshot } = store.getState();
        if (snapshot) store.setState({ snapshot: applySignal(snapshot, name, payload) });
        else early.push((first) => applySignal(first, name, payload));
      });
      const stopLink = link.watch((state) => {
        if (state === 'connected') void refetch();
      });
      if (link.state() === 'connected') void refetch();
      return () => {
        stopSignals();
        stopLink();
      };
    },
  };
}
