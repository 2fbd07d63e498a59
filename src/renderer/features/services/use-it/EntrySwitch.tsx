// The switch for an entry in a configuration of another program, and a sentence about what is written where.
import { useId } from 'react';
import { Switch } from '../../../ui/Switch.tsx';

export function EntrySwitch(props: {
  label: string;
  help: string;
  isOn: boolean;
  onChange: (isOn: boolean) => void;
}) {
  const id = useId();
  return (
    <div className="entry">
      <div className="entry-words">
        <span id={id}>{props.label}</span>
        <p id={`${id}-help`} className="sub">
          {props.help}
        </p>
      </div>
      <Switch
        labelledBy={id}
        describedBy={`${id}-help`}
        on={props.isOn}
        onChange={props.onChange}
      />
    </div>
  );
}
