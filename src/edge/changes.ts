// What happened that others must act upon at once: running connections are judged again, devices are told. What only
// time brings (a session that runs out, the end of a policy's hours) is no change; judging regularly finds it.
export type Change =
  | { type: 'device-revoked'; deviceId: string; reason: string }
  | { type: 'device-unregistered'; deviceId: string }
  /** By an administrator when `reason` is given; otherwise the person has signed out. */
  | { type: 'session-ended'; sessionId: string; deviceId: string; reason?: string }
  | { type: 'trust-level-changed'; deviceId: string }
  | { type: 'rules-changed' };

export interface Changes {
  emit(change: Change): void;
  /** Returns how to stop listening. */
  on(listener: (change: Change) => void): () => void;
}

export function createChanges(): Changes {
  const listeners = new Set<(change: Change) => void>();
  return {
    emit: (change) => {
      for (const listener of listeners) listener(change);
    },
    on: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
