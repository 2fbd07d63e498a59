// A sentence that wants attention, with at most one thing to do about it.
import { CircleAlert, Info, TriangleAlert } from 'lucide-react';
import type { ReactNode, Ref } from 'react';
import './note.css';

export type NoteTone = 'info' | 'warn' | 'bad';

const icons = { info: Info, warn: TriangleAlert, bad: CircleAlert };

interface NoteProps {
  tone: NoteTone;
  title?: string;
  children: ReactNode;
  action?: ReactNode;
  /** For something that just happened: read out at once. */
  alert?: boolean;
  ref?: Ref<HTMLDivElement>;
}

export function Note({ tone, title, children, action, alert, ref }: NoteProps) {
  const Icon = icons[tone];
  return (
    <div className={`note ${tone}`} role={alert ? 'alert' : undefined} tabIndex={-1} ref={ref}>
      <Icon size={16} aria-hidden />
      <div className="note-text">
        {title && <strong>{title}</strong>}
        <div>{children}</div>
      </div>
      {action && <div className="note-action">{action}</div>}
    </div>
  );
}
