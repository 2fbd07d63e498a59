// What stands where nothing is yet: what would be here, and what to do for it.
import type { ReactNode } from 'react';
import './empty.css';

export function Empty(props: {
  icon: ReactNode;
  title: string;
  children: string;
  action?: ReactNode;
}) {
  return (
    <div className="empty" aria-live="polite">
      <div className="panel-icon">{props.icon}</div>
      <h2>{props.title}</h2>
      <p className="lead">{props.children}</p>
      {props.action}
    </div>
  );
}
