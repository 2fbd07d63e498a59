// Whether this app is new enough for its organisation: judged by the minimum that was read last, which is kept with the
// registration, so that it is known without a network too. An app that is too old keeps what it has and signs in no more.
import { AppError } from '../../../shared/errors.ts';
import { readDocument, tooOld } from '../organisation/first-trust.ts';
import type { OrganisationDocument } from '../../../shared/protocol/organisation.ts';
import type { ClientPorts } from '../ports.ts';
import type { State } from '../state.ts';
import type { Membership } from './membership.ts';

/** A start, or a command that is over in a second, has better things to do. */
const FIRST_LOOK_MS = 3_000;
const LOOK_EVERY_MS = 6 * 60 * 60_000;

export interface MinimumVersionOptions {
  ports: Pick<ClientPorts, 'clock' | 'log'>;
  state: State;
  version: string;
  membership: () => Membership | null;
  /** Puts it into the membership and on the disk. */
  keep: (document: OrganisationDocument) => Promise<void>;
}

export function createMinimumVersion(options: MinimumVersionOptions) {
  const { ports, state, version, membership } = options;
  let cancelLook = (): void => {};
  let looking: Promise<void> | null = null;
  let isStopped = false;

  function lookIn(delayMs: number): void {
    cancelLook();
    if (!isStopped) cancelLook = ports.clock.after(delayMs, () => void check());
  }

  function judge(): void {
    const current = membership();
    if (!current) return;
    const because = tooOld(current.document, version)?.toWire() ?? null;
    state.device({ type: 'version-judged', because });
  }

  function check(): Promise<void> {
    looking ??= look().finally(() => {
      looking = null;
      lookIn(LOOK_EVERY_MS);
    });
    return looking;
  }

  async function look(): Promise<void> {
    const asked = membership();
    if (!asked) return;
    try {
      const { connection, organisation } = asked;
      const document = await readDocument(connection, organisation.host);
      if (isStopped || membership()?.deviceId !== asked.deviceId) return;
      await options.keep(document);
      judge();
    } catch (error) {
      if (isStopped) return;
      if (error instanceof AppError && error.code === 'organisation/app-too-old') {
        state.device({ type: 'version-judged', because: error.toWire() });
      }
      ports.log.info('the organisation was not asked which version it needs', { error });
    }
  }

  return {
    judge,
    check,

    follow: (): void => lookIn(FIRST_LOOK_MS),

    /** A sign-in asks first only where the last answer was no: it may have changed. Else it does not wait. */
    async require(): Promise<void> {
      const checked = check();
      if (!because()) return;
      await checked;
      const error = because();
      if (error) throw new AppError(error.code, error.message);
    },

    stop(): void {
      isStopped = true;
      cancelLook();
    },
  };

  function because() {
    const { device } = state.slices;
    return device.status === 'registered' ? device.tooOld : undefined;
  }
}
