// Who we are towards every Access Tier: one key and certificate for all tunnels, replaced whole. While the certificate
// has expired, connections are held here until there is a new one.
import { X509Certificate } from 'node:crypto';
import { AppError } from '../../shared/errors.ts';
import { noCredentials } from '../failures.ts';
import type { Credentials } from '../messages.ts';
import { createTlsContexts, type TlsContexts } from './credentials.ts';

const MAX_HELD = 256;
const HELD_AT_MOST_MS = 120_000;

export interface CurrentIdentity {
  contexts: TlsContexts;
  /** Milliseconds since the epoch. */
  expiresAt: number;
}

interface Held {
  release: (outcome: CurrentIdentity | AppError) => void;
}

export class Identity {
  #current: CurrentIdentity | null = null;
  readonly #held = new Set<Held>();
  readonly #onNeeded: ((tunnel: string) => void) | null;

  /** `onNeeded`: told once per wait. null: nobody could get a new certificate, so nothing is held. */
  constructor(onNeeded: ((tunnel: string) => void) | null) {
    this.#onNeeded = onNeeded;
  }

  /** Throws `tunnel/certificate-missing` when key and certificate do not belong together, and keeps what it has. */
  replace(credentials: Credentials | null): void {
    this.#current = credentials && read(credentials);
    const current = this.#current;
    if (current && isExpired(current)) return; // those who wait go on waiting
    for (const { release } of this.#held) release(current ?? noCredentials());
  }

  /** Ends every wait with this reason. */
  refuseHeld(error: AppError): void {
    for (const { release } of this.#held) release(error);
  }

  /** At once, or when the certificate has been renewed; rejects with AppError. */
  async current(
    tunnel: string,
    gone: AbortSignal | undefined,
    beforeHold?: () => Promise<void>,
  ): Promise<CurrentIdentity> {
    if (!this.#current) throw noCredentials();
    if (beforeHold && isExpired(this.#current)) await beforeHold();
    const current = this.#current as CurrentIdentity | null;
    if (!current) throw noCredentials();
    return isExpired(current) ? this.#hold(tunnel, gone) : current;
  }

  /** null: none, or expired. */
  usable(): CurrentIdentity | null {
    const current = this.#current;
    return current && !isExpired(current) ? current : null;
  }

  #hold(tunnel: string, gone: AbortSignal | undefined): Promise<CurrentIdentity> {
    // Its event has been: nobody would hear it, and the place would stay taken for two minutes.
    if (gone?.aborted) return Promise.reject(clientGone());
    if (!this.#onNeeded) return Promise.reject(expired('Your certificate has expired.'));
    if (this.#held.size >= MAX_HELD) {
      return Promise.reject(
        expired(
          `Your certificate has expired, and ${MAX_HELD} connections wait for a new one already.`,
        ),
      );
    }
    return new Promise((resolve, reject) => {
      const held: Held = {
        release: (outcome) => {
          clearTimeout(deadline);
          gone?.removeEventListener('abort', onGone);
          this.#held.delete(held);
          if (outcome instanceof AppError) reject(outcome);
          else resolve(outcome);
        },
      };
      const onGone = () => held.release(clientGone());
      const deadline = setTimeout(
        () => held.release(expired('Your certificate has expired, and nobody has signed in.')),
        HELD_AT_MOST_MS,
      );
      gone?.addEventListener('abort', onGone);
      this.#held.add(held);
      if (this.#held.size === 1) this.#onNeeded?.(tunnel);
    });
  }
}

const isExpired = ({ expiresAt }: CurrentIdentity): boolean => expiresAt <= Date.now();

const clientGone = (): AppError =>
  new AppError('tunnel/cancelled', 'The local program has closed.');

const expired = (why: string): AppError => new AppError('tunnel/certificate-expired', why);

function read(credentials: Credentials): CurrentIdentity {
  try {
    const { validTo } = new X509Certificate(credentials.certificate);
    return { contexts: createTlsContexts(credentials), expiresAt: Date.parse(validTo) };
  } catch (cause) {
    throw new AppError(
      'tunnel/certificate-missing',
      'The certificate and its key do not belong together.',
      { cause },
    );
  }
}
