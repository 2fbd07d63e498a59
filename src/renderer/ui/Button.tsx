// The one button, in four weights.
import { LoaderCircle } from 'lucide-react';
import type { ButtonHTMLAttributes, MouseEvent } from 'react';
import './button.css';

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  /** `primary`: the one thing to do here. `tinted`: one of many equal ones. `danger`: cannot be taken back. */
  look?: 'primary' | 'tinted' | 'plain' | 'quiet' | 'danger';
  size?: 'small' | 'normal' | 'large';
  /** Works on it: keeps its width, cannot be pressed again. */
  busy?: boolean;
}

export function Button(props: ButtonProps) {
  const { look = 'plain', size = 'normal', busy = false, className, children, ...rest } = props;
  return (
    <button
      type="button"
      {...rest}
      className={`button ${look} ${size} ${busy ? 'busy' : ''} ${className ?? ''}`}
      aria-busy={busy || undefined}
      // Not disabled: whoever has pressed it by a key would be nowhere.
      {...(busy && {
        'aria-disabled': true,
        onClick: (event: MouseEvent) => event.preventDefault(),
      })}
    >
      {busy && <LoaderCircle className="spin" size={15} aria-hidden />}
      {children}
    </button>
  );
}
