// A new passphrase, typed twice: a slip of the finger would lock everything up.
import { deviceText } from '../../text/first-launch.ts';
import { Field } from '../../ui/Field.tsx';
import type { Answers } from './FirstLaunch.tsx';

const SHORTEST = 8;

export const passphraseIsReady = ({ secrets, passphrase, passphraseAgain }: Answers): boolean =>
  secrets !== 'file' || (passphrase.length >= SHORTEST && passphrase === passphraseAgain);

const focusOnce = (field: HTMLInputElement | null): void => field?.focus();

export function PassphraseFields(props: {
  answers: Answers;
  disabled: boolean;
  /** They have just come up, and are what is asked for. */
  focus: boolean;
  onChange: (next: Partial<Answers>) => void;
}) {
  const { passphrase, passphraseAgain } = props.answers;
  const isShort = passphrase !== '' && passphrase.length < SHORTEST;
  // Not while it is still being typed.
  const isOther = passphraseAgain.length >= passphrase.length && passphraseAgain !== passphrase;
  const input = { type: 'password', autoComplete: 'new-password', disabled: props.disabled };
  return (
    <div className="passphrases">
      <Field
        label={deviceText.passphrase}
        help={deviceText.passphraseHelp}
        problem={isShort ? deviceText.passphraseShort : null}
      >
        {(ids) => (
          <input
            {...ids}
            {...input}
            ref={props.focus ? focusOnce : undefined}
            className="input"
            value={passphrase}
            onChange={(event) => props.onChange({ passphrase: event.target.value })}
          />
        )}
      </Field>
      <Field
        label={deviceText.passphraseAgain}
        problem={isOther ? deviceText.passphraseOther : null}
      >
        {(ids) => (
          <input
            {...ids}
            {...input}
            className="input"
            value={passphraseAgain}
            onChange={(event) => props.onChange({ passphraseAgain: event.target.value })}
          />
        )}
      </Field>
    </div>
  );
}
