// A sentence that wants attention, with at most one thing to do about it.
import { CircleAlert, Info, TriangleAlert } from 'lucide-react';
import type { ReactNode, Ref } from 'react';
import './note.css';

export type NoteTone = 'info' | 'warn' | 'bad';

const icons = { info: Info, warn: TriangleAlert, bad: CircleAlert };

export function Note(props: {
  tone: NoteTone;
  title?: string;
  children: ReactNode;
  action?: ReactNode;
  /** For something that just happened: read out at once. */
  alert?: boolean;
  ref?: Ref<HTMLDivElement>;
}) {
  const Icon = icons[props.tone];
  return (
    <div
      className={`note ${props.tone}`}
      role={props.alert ? 'alert' : undefined}
      tabIndex={-1}
      ref={props.ref}
    >
      <Icon size={16} aria-hidden />
      <div className="note-text">
        {props.title && <strong>{props.title}</strong>}
        <div>{props.children}</div>
      </div>
      {props.action && <div className="note-action">{props.action}</div>}
    </div>
  );
}
