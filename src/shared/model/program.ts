// Programs of this computer that use what is connected, and the files of theirs that we may add to.

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
}

export interface Programs {
  /** null: this client cannot write any, e.g. because it has no banyanproxy. */
  ssh: ConfigEntries | null;
}
