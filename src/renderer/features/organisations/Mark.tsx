// An organisation at a glance.
import './organisations.css';

export function Mark({ name, small = false }: { name: string; small?: boolean }) {
  return (
    <span
      className={small ? 'mark small' : 'mark'}
      // Drawn by the style: as text it would be a word that is seen and not heard.
      data-letter={name.slice(0, 1).toUpperCase()}
      aria-hidden
    />
  );
}
