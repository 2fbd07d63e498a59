// Programs of this computer that use what is connected, and the files of theirs that we may add to.
import type { ClientProgram } from './client-program.ts';

/** Entries in a configuration of the person, read anew each time: she may have edited it. */
export interface ConfigEntries {
  /** The person's own file. */
  file: string;
  entries: readonly ConfigEntry[];
}

export interface ConfigEntry {
  /** Service id. */
  service: string;
  /** What a person types: the hosts of an SSH entry, a context of kubectl. */
  name: string;
  /** Id of the organisation that it belongs to, where that is not the active one. */
  organisation?: string;
}

/** Each is null where this client writes no such thing, or no organisation is active. */
export interface Programs {
  ssh: ConfigEntries | null;
  /** Clusters in a kubeconfig of ours. */
  kubernetes: ConfigEntries | null;
  /** Contexts of the person's own kubeconfig whose cluster goes through a service. */
  contexts: ConfigEntries | null;
  /** Those of this computer that a click can start; none where nothing could be shown. */
  installed: readonly ClientProgram[];
}

/** The person's own first: what both have, hers decides. */
export const kubeconfigs = ({ contexts, kubernetes }: Programs): string[] =>
  [contexts, kubernetes].flatMap((each) => (each ? [each.file] : []));
