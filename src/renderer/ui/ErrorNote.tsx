// A failure in plain words: what, why, what to do, and the one action that helps, if this place can offer it.
import type { ReactNode } from 'react';
import { type ErrorAction, ERRORS, remedy, type WireError } from '../../shared/errors.ts';
import { actionLabels, referenceText } from '../text/common.ts';
import { Button } from './Button.tsx';
import { Note, type NoteTone } from './Note.tsx';
import { useArrival } from './use-arrival.ts';

export type ErrorActions = Partial<Record<Exclude<ErrorAction, 'none'>, () => void>>;

export function ErrorNote(props: {
  error: WireError;
  /** What this place can do; an action that is not here gets no button. */
  actions?: ErrorActions;
  /** A shorter way than the action. */
  also?: ReactNode;
  tone?: NoteTone;
  busy?: boolean;
  /** It answers what was just pressed, and may be out of sight: it comes into view. */
  arrives?: boolean;
}) {
  const { error, actions = {}, tone = 'bad' } = props;
  const { title } = ERRORS[error.code];
  const { advice, action } = remedy(error);
  const place = useArrival(props.arrives ? error : null);
  const act = action === 'none' ? undefined : actions[action];
  return (
    <Note
      tone={tone}
      title={title}
      alert
      {...(props.arrives && { ref: place })}
      action={
        action !== 'none' &&
        act && (
          <>
            {props.also}
            <Button size="small" onClick={act} busy={props.busy ?? false}>
              {actionLabels[action]}
            </Button>
          </>
        )
      }
    >
      {error.message} {advice}
      {error.code === 'internal' && error.correlationId && (
        <div className="sub">{referenceText(error.correlationId)}</div>
      )}
    </Note>
  );
}
