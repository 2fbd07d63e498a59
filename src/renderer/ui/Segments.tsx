// A few short choices side by side, of which one holds: radio buttons, walked with the arrow keys.
import { Radio } from '@base-ui/react/radio';
import { RadioGroup } from '@base-ui/react/radio-group';
import './segments.css';

export function Segments<Value extends string>(props: {
  labelledBy?: string;
  label?: string;
  value: Value;
  choices: readonly (readonly [value: Value, label: string])[];
  disabled?: boolean;
  onChange: (value: Value) => void;
}) {
  return (
    <RadioGroup
      className="segments"
      aria-labelledby={props.labelledBy}
      aria-label={props.label}
      value={props.value}
      disabled={props.disabled ?? false}
      onValueChange={(value) => props.onChange(value)}
    >
      {props.choices.map(([value, label]) => (
        <Radio.Root key={value} value={value} className="segment" aria-label={label}>
          {label}
        </Radio.Root>
      ))}
    </RadioGroup>
  );
}
