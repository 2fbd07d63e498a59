// One card in the middle of an otherwise quiet window.
import { type ReactNode, useEffect, useRef } from 'react';
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

export function PanelHead(props: {
  icon?: ReactNode;
  title: string;
  children?: ReactNode;
  /** Reads the title out on arrival, where no field takes the focus. */
  focus?: boolean;
}) {
  const title = useRef<HTMLHeadingElement>(null);
  const { focus } = props;
  useEffect(() => {
    if (focus) title.current?.focus();
  }, [focus]);
  return (
    <div className="panel-head">
      {props.icon && <div className="panel-icon">{props.icon}</div>}
      <h1 tabIndex={-1} ref={title}>
        {props.title}
      </h1>
      {props.children && <p className="lead">{props.children}</p>}
    </div>
  );
}
