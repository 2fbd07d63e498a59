// What this device's safety looks like to its organisation, factor by factor, and what to do about each.
import { Check, CircleHelp, CircleMinus, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import {
  type FactorState,
  factorState,
  missingPrograms,
  type Posture,
  POSTURE_FACTORS,
  type PostureFactor,
} from '../../../shared/model/posture.ts';
import {
  FACTOR_NAMES,
  factorFix,
  LEVEL_NAMES,
  systemName,
} from '../../../shared/model/posture-words.ts';
import { postureText } from '../../text/posture.ts';
import { moment } from '../../text/time.ts';
import { Button } from '../../ui/Button.tsx';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { useNow } from '../../ui/use-now.ts';
import { useCall, useTruth } from '../../window-context.tsx';
import './posture.css';

export function PostureFacts({ posture }: { posture: Posture | undefined }) {
  const check = useCall('device.checkPosture');
  const now = useNow(60_000);
  const problem = check.error ?? posture?.because;
  return (
    <section>
      <div className="posture-head">
        <h2 className="group-name">{postureText.title}</h2>
        {posture && (
          <>
            <span className="sub">{postureText.checkedAt(moment(posture.checkedAt, now))}</span>
            <Button
              size="small"
              look="quiet"
              busy={check.pending}
              onClick={() => void check.run({})}
            >
              {postureText.again}
            </Button>
          </>
        )}
      </div>
      {problem && <ErrorNote error={problem} tone="warn" />}
      {posture?.isUnasked && <p className="sub">{postureText.unasked}</p>}
      {posture ? (
        <dl className="fact-list">
          <Level posture={posture} />
          {POSTURE_FACTORS.map((factor) => (
            <Factor key={factor} factor={factor} posture={posture} />
          ))}
        </dl>
      ) : (
        <p className="sub">{postureText.checking}</p>
      )}
    </section>
  );
}

function Level({ posture: { verdict } }: { posture: Posture }) {
  if (!verdict) return null;
  const { trustLevel, capReason } = verdict;
  return (
    <div className="fact">
      <dt>{postureText.level}</dt>
      <dd>
        <strong>{LEVEL_NAMES[trustLevel]}</strong>
        <p className="sub">
          {capReason ? postureText.capped(capReason) : postureText.levelHelp[trustLevel]}
        </p>
      </dd>
    </div>
  );
}

function Factor({ factor, posture }: { factor: PostureFactor; posture: Posture }) {
  const platform = useTruth(({ app }) => app.platform);
  const state = factorState(posture, factor);
  if (state === null) return null;
  const { report, verdict } = posture;
  return (
    <div className="fact">
      <dt>{FACTOR_NAMES[factor]}</dt>
      <dd>
        <State state={state}>{wordOf(factor, state, report.UpToDateOS)}</State>
        {state === 'failed' && (
          <p className="sub">{factorFix(factor, platform, missingPrograms(posture))}</p>
        )}
        {state === 'unknown' && verdict?.unknown.includes(factor) && (
          <p className="sub">{postureText.unknownCounts}</p>
        )}
      </dd>
    </div>
  );
}

function wordOf(factor: PostureFactor, state: FactorState, os: string): string {
  if (factor === 'OrgPreferredAppsRunning') return postureText.programs[state];
  if (factor !== 'UpToDateOS' || os === 'unknown') return postureText.states[state];
  return state === 'failed' ? postureText.tooOld(systemName(os)) : systemName(os);
}

const LOOKS: Record<FactorState, { icon: typeof Check; look: string }> = {
  met: { icon: Check, look: 'ok' },
  failed: { icon: TriangleAlert, look: 'warn' },
  unknown: { icon: CircleHelp, look: '' },
  off: { icon: CircleMinus, look: '' },
};

function State({ state, children }: { state: FactorState; children: ReactNode }) {
  const { icon: Icon, look } = LOOKS[state];
  return (
    <span className={`posture-state ${look}`}>
      <Icon size={14} strokeWidth={2.2} aria-hidden />
      {children}
    </span>
  );
}
