// A fingerprint in groups of four, for two people reading it to each other.
import { groupsOfFour } from '../../shared/model/fingerprint.ts';
import './fingerprint.css';

export function Fingerprint({ value, label }: { value: string; label: string }) {
  return (
    <div className="fingerprint mono">
      <span className="unseen">{`${label} ${value}`}</span>
      {groupsOfFour(value).map((group, index) => (
        // Groups may repeat; their place is what identifies them.
        // oxlint-disable-next-line react/no-array-index-key -- groups never change their places, and may be equal
        <span key={index} aria-hidden>
          {group}
        </span>
      ))}
    </div>
  );
}
