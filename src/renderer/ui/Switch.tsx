// Something that is on or off, at once: no button to save it.
import { Switch as BaseSwitch } from '@base-ui/react/switch';
import './switch.css';

export function Switch(props: {
  labelledBy: string;
  describedBy?: string | undefined;
  on: boolean;
  disabled?: boolean;
  onChange: (on: boolean) => void;
}) {
  return (
    <BaseSwitch.Root
      className="switch"
      aria-labelledby={props.labelledBy}
      aria-describedby={props.describedBy}
      checked={props.on}
      disabled={props.disabled ?? false}
      onCheckedChange={(on) => props.onChange(on)}
    >
      <BaseSwitch.Thumb className="switch-thumb" />
    </BaseSwitch.Root>
  );
}
