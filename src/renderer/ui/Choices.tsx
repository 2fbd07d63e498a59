// A few choices of which exactly one holds, all visible at once.
import { Radio } from '@base-ui/react/radio';
import { RadioGroup } from '@base-ui/react/radio-group';
import { useId } from 'react';
import './field.css';

export interface Choice<Value extends string> {
  value: Value;
  label: string;
  help?: string;
}

export function Choices<Value extends string>(props: {
  label: string;
  value: Value;
  choices: readonly Choice<Value>[];
  onChange: (value: Value) => void;
  disabled?: boolean;
  columns?: boolean;
}) {
  const id = useId();
  return (
    <div className="field">
      <span className="field-label" id={id}>
        {props.label}
      </span>
      <RadioGroup
        aria-labelledby={id}
        className={props.columns ? 'choices columns' : 'choices'}
        value={props.value}
        disabled={props.disabled ?? false}
        onValueChange={(value) => props.onChange(value)}
      >
        {props.choices.map(({ value, label, help }) => (
          // The label wraps its control, which the radio's hidden input makes a labelled one.
          // oxlint-disable-next-line jsx-a11y/label-has-associated-control -- the control is the radio inside
          <label key={value} className="choice">
            <Radio.Root value={value} className="radio">
              <Radio.Indicator className="radio-dot" />
            </Radio.Root>
            <span>
              <span className="choice-label">{label}</span>
              {help && <span className="sub">{help}</span>}
            </span>
          </label>
        ))}
      </RadioGroup>
    </div>
  );
}
