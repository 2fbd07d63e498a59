// A fingerprint in groups of four, for two people reading it to each other.
import { groupsOfFour } from '../../shared/model/fingerprint.ts';
import './fingerprint.css';

export function Fingerprint(props: {
  value: string;
  label: string;
  /** So many groups at its beginning are not shown: the other one has to say them. */
  missing?: number;
}) {
  const { value, label, missing = 0 } = props;
  const groups = [...Array.from({ length: missing }, () => null), ...groupsOfFour(value)];
  return (
    <div className="fingerprint mono">
      <span className="unseen">{`${label} ${missing > 0 ? '… ' : ''}${value}`}</span>
      {groups.map((group, index) => (
        // Groups may repeat; their place is what identifies them.
        // oxlint-disable-next-line react/no-array-index-key -- groups never change their places, and may be equal
        <span key={index} className={group === null ? 'missing' : ''} aria-hidden>
          {group ?? '••••'}
        </span>
      ))}
    </div>
  );
}
