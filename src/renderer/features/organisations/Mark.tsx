// An organisation at a glance.
import './organisations.css';

export function Mark({ name, small = false }: { name: string; small?: boolean }) {
  return (
    <span className={small ? 'mark small' : 'mark'} aria-hidden>
      {name.slice(0, 1).toUpperCase()}
    </span>
  );
}
