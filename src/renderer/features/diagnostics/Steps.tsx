// The steps of a diagnosis, in the order in which they were tried.
import { Check, CircleHelp, X } from 'lucide-react';
import { remedy } from '../../../shared/errors.ts';
import { STEP_NAMES, type StepResult } from '../../../shared/model/diagnosis.ts';
import { diagnosticsText } from '../../text/diagnostics.ts';

const icons = { ok: Check, failed: X, unknown: CircleHelp };

export function Steps({ results }: { results: readonly StepResult[] }) {
  return (
    <ol className="diagnosis">
      {results.map((result) => (
        <Step key={result.step} result={result} />
      ))}
    </ol>
  );
}

function Step({ result: { step, status, reason, error, tookMs } }: { result: StepResult }) {
  const Icon = icons[status];
  return (
    <li className={`diagnosis-step ${status}`}>
      <Icon size={16} aria-hidden />
      <div className="step-words">
        <b title={diagnosticsText.help[step]}>{STEP_NAMES[step]}</b>
        <p className="sub">{reason}</p>
        {error && <p className="step-advice">{remedy(error).advice}</p>}
      </div>
      <span className="step-state">{diagnosticsText.states[status]}</span>
      <span className="step-time sub">
        {status !== 'unknown' && diagnosticsText.tookMs(tookMs)}
      </span>
    </li>
  );
}
