// A ring that empties. Decoration: the words beside it say the same.

const RADIUS = 13;
const LENGTH = 2 * Math.PI * RADIUS;

export function Ring({ part, soon }: { part: number; soon: boolean }) {
  const shown = Math.min(Math.max(part, 0.02), 1);
  return (
    <svg
      className={soon ? 'ring soon' : 'ring'}
      viewBox="0 0 32 32"
      width={32}
      height={32}
      aria-hidden
    >
      <circle cx="16" cy="16" r={RADIUS} className="ring-track" />
      <circle
        cx="16"
        cy="16"
        r={RADIUS}
        className="ring-rest"
        strokeDasharray={`${shown * LENGTH} ${LENGTH}`}
        transform="rotate(-90 16 16)"
      />
    </svg>
  );
}
