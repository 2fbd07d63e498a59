// One of many, in the system's own list: it knows the keys, the screen reader and the height of the screen.

export function Select<Value extends string>(props: {
  label: string;
  value: Value;
  choices: readonly (readonly [value: Value, label: string])[];
  onChange: (value: Value) => void;
}) {
  return (
    <select
      className="input select"
      aria-label={props.label}
      value={props.value}
      onChange={({ target }) => {
        const chosen = props.choices.find(([value]) => value === target.value);
        if (chosen) props.onChange(chosen[0]);
      }}
    >
      {props.choices.map(([value, label]) => (
        <option key={value} value={value}>
          {label}
        </option>
      ))}
    </select>
  );
}
