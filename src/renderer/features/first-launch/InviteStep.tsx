// Step 1, first half: the invite.
import { Building2 } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { ERRORS, type WireError } from '../../../shared/errors.ts';
import { organisationText } from '../../text/first-launch.ts';
import { organisationsText } from '../../text/organisations.ts';
import { Button } from '../../ui/Button.tsx';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { Field } from '../../ui/Field.tsx';
import { Note } from '../../ui/Note.tsx';
import { PanelHead } from '../../ui/Panel.tsx';
import { useEscape } from '../../ui/use-escape.ts';

export function InviteStep(props: {
  invite: string;
  /** The organisation that is active meanwhile. */
  beside: string | undefined;
  onLeave: () => void;
  /** The text is the link that the app was opened with. */
  linkOpened: boolean;
  because: WireError | undefined;
  pending: boolean;
  error: WireError | null;
  onChange: (invite: string) => void;
  onContinue: () => void;
}) {
  const { beside } = props;
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    field.current?.focus();
  }, []);
  useEscape(() => {
    if (beside) props.onLeave();
  });
  // An invite that can never work is not asked about twice, least of all after `device/root-mismatch`.
  const spent = props.error !== null && ERRORS[props.error.code].action === 'new-invite';
  const ready = props.invite.trim() !== '' && !spent;
  return (
    <form
      className="first-launch-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready && !props.pending) props.onContinue();
      }}
    >
      <PanelHead
        icon={<Building2 size={22} aria-hidden />}
        title={beside ? organisationsText.addTitle : organisationText.title}
      >
        {beside ? organisationsText.addLead(beside) : organisationText.lead}
      </PanelHead>
      {props.because && !props.error && <ErrorNote error={props.because} tone="warn" />}
      {props.linkOpened && !props.error && <Note tone="info">{organisationText.opened}</Note>}
      <Field label={organisationText.invite}>
        {(ids) => (
          <textarea
            {...ids}
            ref={field}
            className="input"
            value={props.invite}
            placeholder={organisationText.placeholder}
            maxLength={1024}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => props.onChange(event.target.value)}
            onKeyDown={(event) => {
              // An invite is one line, so Enter means "go on" here.
              if (event.key !== 'Enter' || event.shiftKey) return;
              event.preventDefault();
              event.currentTarget.form?.requestSubmit();
            }}
          />
        )}
      </Field>
      {props.error && (
        <ErrorNote
          arrives
          error={props.error}
          busy={props.pending}
          actions={{
            retry: props.onContinue,
            'new-invite': () => {
              props.onChange('');
              field.current?.focus();
            },
          }}
        />
      )}
      <div className="panel-foot">
        {beside && (
          <Button look="quiet" size="large" className="wrap" onClick={props.onLeave}>
            {organisationsText.backTo(beside)}
          </Button>
        )}
        <Button type="submit" look="primary" size="large" disabled={!ready} busy={props.pending}>
          {props.pending ? organisationText.looking : organisationText.look}
        </Button>
      </div>
    </form>
  );
}
