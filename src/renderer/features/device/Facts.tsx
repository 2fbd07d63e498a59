// Groups of facts: a term, what it is, and what can be done with it.
import type { ReactNode } from 'react';
import { words } from '../../text/common.ts';
import { CopyButton } from '../../ui/Copy.tsx';

export function FactGroup(props: { title: string; children: ReactNode }) {
  return (
    <section>
      <h2 className="group-name">{props.title}</h2>
      <dl className="fact-list">{props.children}</dl>
    </section>
  );
}

export function Fact(props: {
  term: string;
  children: ReactNode;
  help?: string;
  copy?: string;
  action?: ReactNode;
}) {
  return (
    <div className="fact">
      <dt>{props.term}</dt>
      <dd>
        {props.children}
        {props.help && <p className="sub">{props.help}</p>}
      </dd>
      {props.copy && (
        <dd className="fact-copy">
          <CopyButton text={props.copy} label={words.copy} />
        </dd>
      )}
      {props.action && <dd>{props.action}</dd>}
    </div>
  );
}
