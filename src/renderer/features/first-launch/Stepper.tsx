// Where a person is in the three steps.
import { Check } from 'lucide-react';
import { stepNames } from '../../text/first-launch.ts';
import './first-launch.css';

export function Stepper({ current }: { current: 0 | 1 | 2 }) {
  return (
    <ol className="steps">
      {stepNames.map((name, index) => (
        <li
          key={name}
          className={index < current ? 'done' : index === current ? 'on' : ''}
          aria-current={index === current ? 'step' : undefined}
        >
          <span className="step-dot" aria-hidden>
            {index < current ? <Check size={12} strokeWidth={2.6} /> : index + 1}
          </span>
          <span>{name}</span>
        </li>
      ))}
    </ol>
  );
}
