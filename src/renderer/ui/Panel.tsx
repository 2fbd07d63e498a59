// One card in the middle of an otherwise quiet window.
import type { ReactNode } from 'react';
import './panel.css';

export function Panel(props: { above?: ReactNode; below?: ReactNode; children: ReactNode }) {
  return (
    <main className="panel-page">
      <div className="panel">
        {props.above}
        <div className="panel-card">{props.children}</div>
        {props.below && <div className="panel-below">{props.below}</div>}
      </div>
    </main>
  );
}

export function PanelHead(props: { icon?: ReactNode; title: string; children?: ReactNode }) {
  return (
    <div className="panel-head">
      {props.icon && <div className="panel-icon">{props.icon}</div>}
      <h1 tabIndex={-1}>{props.title}</h1>
      {props.children && <p className="lead">{props.children}</p>}
    </div>
  );
}
