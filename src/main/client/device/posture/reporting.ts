// Keeps the organisation told: looks at this computer every few minutes, reports what changed at once and everything once
// an hour. Nothing waits for it, and nothing ends because of it.
import { toWireError } from '../../../../shared/errors.ts';
import type { Posture, PostureReport, PostureVerdict } from '../../../../shared/model/posture.ts';
import { encodeReport, postureAnswer, verdictOf } from '../../../../shared/protocol/posture.ts';
import { invalidAnswer } from '../../organisation/failures.ts';
import { parseJson } from '../../organisation/first-trust.ts';
import { deviceRefused, isUnknownThere, readRefusal } from '../../organisation/refusals.ts';
import type { ClientPorts } from '../../ports.ts';
import type { State } from '../../state.ts';
import type { Membership } from '../membership.ts';

/** A start, or a command that is over in a second, has better things to do. */
const FIRST_LOOK_MS = 2_000;
const LOOK_EVERY_MS = 5 * 60_000;
const REPORT_EVERY_MS = 60 * 60_000;
/** Spread, so that a whole organisation does not report in the same second. Earlier only: two hours are too old. */
const JITTER_SHARE = 0.15;

export interface PostureReportsOptions {
  ports: Pick<ClientPorts, 'clock' | 'log' | 'posture'>;
  state: State;
  membership: () => Membership | null;
  onDeviceRevoked: (reason: string) => void;
}

export interface PostureReports {
  /** To be called whenever the device belongs to another organisation, or to none. */
  follow(): void;
  /** Looks and reports now: the person asks, or the computer woke up. Resolves when that is done, or has failed. */
  check(): Promise<void>;
  stop(): void;
}

/** What was reported last, and what came of it. */
interface Reported {
  text: string;
  /** When everything is reported again, changed or not. */
  dueAt: number;
  answer: Answer | null;
}
interface Answer {
  verdict: PostureVerdict;
  applications: readonly string[];
}

export function createPostureReports(options: PostureReportsOptions): PostureReports {
  const { ports, state, membership, onDeviceRevoked } = options;
  const { clock, log, posture: collect } = ports;
  let cancelLook = (): void => {};
  let deviceId: string | null = null;
  let reported: Reported | null = null;
  let looking: Promise<void> | null = null;

  function lookLater(delayMs: number): void {
    cancelLook();
    cancelLook = clock.after(delayMs, () => void check(false));
  }

  function check(isUrgent: boolean): Promise<void> {
    if (!collect || deviceId === null) return Promise.resolve();
    looking ??= look(collect, isUrgent)
      .catch((error: unknown) => log.error('could not look at the posture', { error }))
      .finally(() => {
        looking = null;
        if (deviceId !== null) lookLater(LOOK_EVERY_MS);
      });
    return looking;
  }

  async function look(collector: NonNullable<typeof collect>, isUrgent: boolean): Promise<void> {
    const current = membership();
    if (!current || state.slices.device.status !== 'registered') return;
    /** It belongs elsewhere now: what was found out is not for the other one. */
    const isOver = (): boolean => current.deviceId !== deviceId;
    const askedFor = reported?.answer?.applications ?? [];
    let report = await collector(askedFor);
    if (isOver()) return;
    const isNews = reported?.text !== encodeReport(report) || clock.now() >= reported.dueAt;
    show(report, reported?.answer);
    if (!isUrgent && !isNews) return;
    try {
      let answer = await tell(current, report);
      if (isOver()) return;
      // Not what the report says of them: where nobody can tell, it names none.
      if (answer && answer.applications.join('\n') !== askedFor.join('\n')) {
        // What to look for was not known before it answered.
        report = await collector(answer.applications);
        answer = await tell(current, report);
        if (isOver()) return;
      }
      const dueAt = clock.now() + REPORT_EVERY_MS * (1 - Math.random() * JITTER_SHARE);
      reported = { text: encodeReport(report), dueAt, answer };
      show(report, answer);
    } catch (error) {
      if (isOver()) return;
      log.warn('the posture of this device was not reported', { error });
      // Not kept: what was made of an earlier report may hold no more, and the next look tells again.
      reported = null;
      show(report, null, toWireError(error));
    }
  }

  /** null: this organisation asks for none. */
  async function tell(current: Membership, report: PostureReport): Promise<Answer | null> {
    const url = `${current.document.command_center}/device/posture`;
    const answer = await current.connection.ask({
      method: 'PUT',
      url,
      headers: { 'content-type': 'application/json' },
      body: encodeReport(report),
    });
    if (isUnknownThere(answer)) return null;
    const refusal = readRefusal(answer);
    if (refusal) {
      if (refusal.about === 'revoked') onDeviceRevoked(refusal.detail);
      throw deviceRefused(current.document.name, refusal);
    }
    const { data, error } = postureAnswer.safeParse(parseJson(answer.body));
    if (answer.status !== 200 || !data) {
      throw invalidAnswer(new URL(url).host, 'it is not about the posture of this device', error);
    }
    return { verdict: verdictOf(data), applications: data.applications };
  }

  function show(report: PostureReport, answer?: Answer | null, because?: Posture['because']): void {
    const posture: Posture = {
      report,
      checkedAt: clock.now(),
      ...(answer && { verdict: answer.verdict }),
      ...(answer === null && !because && { isUnasked: true }),
      ...(because && { because }),
    };
    state.device({ type: 'posture-changed', posture });
  }

  return {
    follow() {
      const id = membership()?.deviceId ?? null;
      if (id === deviceId) return; // only its certificate is another one
      deviceId = id;
      reported = null;
      cancelLook();
      if (id !== null) lookLater(FIRST_LOOK_MS);
    },
    check: () => check(true),
    stop() {
      deviceId = null;
      cancelLook();
    },
  };
}
