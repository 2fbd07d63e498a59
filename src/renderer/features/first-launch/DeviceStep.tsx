// Step 2: what this computer is called, whose it is, and where its secrets live.
import { useEffect } from 'react';
import { ERRORS, type WireError } from '../../../shared/errors.ts';
import { OWNERSHIPS, SECRET_STORES } from '../../../shared/model/device.ts';
import { words } from '../../text/common.ts';
import { deviceText, joinText } from '../../text/first-launch.ts';
import { Button } from '../../ui/Button.tsx';
import { Choices } from '../../ui/Choices.tsx';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { Field } from '../../ui/Field.tsx';
import { Note } from '../../ui/Note.tsx';
import { PanelHead } from '../../ui/Panel.tsx';
import { useEscape } from '../../ui/use-escape.ts';
import type { Answers } from './FirstLaunch.tsx';
import type { Way } from './JoinStep.tsx';
import { PassphraseFields, passphraseIsReady } from './PassphraseFields.tsx';

const LONGEST_NAME = 64;

const nameProblem = (name: string): string | null => {
  if (name.trim() === '') return deviceText.nameMissing;
  return name.trim().length > LONGEST_NAME ? deviceText.nameTooLong : null;
};

const focusOnce = (field: HTMLInputElement | null): void => field?.focus();

export function DeviceStep(props: {
  way: Way;
  organisation: string;
  answers: Answers;
  pending: boolean;
  error: WireError | null;
  onChange: (next: Partial<Answers>) => void;
  onNoKeychain: () => void;
  onBack: () => void;
  /** Where there was an invite, another one. */
  onNewInvite: () => void;
  onRegister: (answers: Answers) => void;
}) {
  const { organisation, answers, pending } = props;
  const problem = nameProblem(answers.name);
  const isReady = problem === null && passphraseIsReady(answers);
  const ownerships = deviceText.ownerships(organisation);
  const hasNoKeychain = props.error?.code === 'device/secret-store-unavailable';
  const { onNoKeychain } = props;
  // As safe, and it needs nothing to be installed; what is said of it stays until another failure.
  useEffect(() => {
    if (hasNoKeychain) onNoKeychain();
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- once for each refusal
  }, [props.error]);
  useEscape(() => {
    if (!pending) props.onBack();
  });
  return (
    <form
      className="first-launch-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady && !pending) props.onRegister(answers);
      }}
    >
      <PanelHead title={deviceText.title}>{deviceText.lead(organisation)}</PanelHead>
      <Field label={deviceText.name} help={deviceText.nameHelp} problem={problem}>
        {(ids) => (
          <input
            {...ids}
            ref={focusOnce}
            className="input"
            value={answers.name}
            autoComplete="off"
            spellCheck={false}
            disabled={pending}
            onChange={(event) => props.onChange({ name: event.target.value })}
          />
        )}
      </Field>
      <Choices
        label={deviceText.ownership}
        columns
        value={answers.ownership}
        disabled={pending}
        choices={OWNERSHIPS.map((value) => ({ value, label: ownerships[value] }))}
        onChange={(ownership) => props.onChange({ ownership })}
      />
      <Choices
        label={deviceText.secrets}
        value={answers.secrets}
        disabled={pending}
        choices={SECRET_STORES.map((value) => ({ value, ...deviceText.secretChoices[value] }))}
        onChange={(secrets) => props.onChange({ secrets })}
      />
      {hasNoKeychain && (
        <Note tone="warn" title={ERRORS['device/secret-store-unavailable'].title} alert>
          {deviceText.noKeychain}
        </Note>
      )}
      {answers.secrets === 'file' && (
        <PassphraseFields
          answers={answers}
          focus={hasNoKeychain}
          disabled={pending}
          onChange={props.onChange}
        />
      )}
      {props.error && !hasNoKeychain && (
        <ErrorNote
          arrives
          error={props.error}
          busy={pending}
          actions={{
            retry: () => props.onRegister(answers),
            ...(props.way === 'invite' && { 'new-invite': props.onNewInvite }),
            'sign-in': () => props.onRegister(answers),
          }}
        />
      )}
      <div className="panel-foot">
        <Button look="quiet" size="large" disabled={pending} onClick={props.onBack}>
          {words.back}
        </Button>
        <Button type="submit" look="primary" size="large" disabled={!isReady} busy={pending}>
          {joinText[props.way].register}
        </Button>
      </div>
    </form>
  );
}
