// A label, a control, and below it what is wrong with it or what it is for.
import { type ReactNode, useId } from 'react';
import './field.css';

export interface FieldIds {
  id: string;
  'aria-describedby'?: string;
  'aria-invalid'?: true;
}

export function Field(props: {
  label: string;
  help?: string;
  problem?: string | null;
  children: (ids: FieldIds) => ReactNode;
}) {
  const id = useId();
  const below = props.problem ?? props.help;
  return (
    <div className="field">
      <label htmlFor={id}>{props.label}</label>
      {props.children({
        id,
        ...(below && { 'aria-describedby': `${id}-help` }),
        ...(props.problem && { 'aria-invalid': true }),
      })}
      {below && (
        <p id={`${id}-help`} className={props.problem ? 'field-problem' : 'field-help'}>
          {below}
        </p>
      )}
    </div>
  );
}
