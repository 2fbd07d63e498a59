// Step 1, first half: an invite, or the address of an organisation that registers devices by signing in.
import { Building2 } from 'lucide-react';
import { type KeyboardEvent, useEffect, useRef } from 'react';
import { ERRORS, type WireError } from '../../../shared/errors.ts';
import { joinText, organisationText } from '../../text/first-launch.ts';
import { organisationsText } from '../../text/organisations.ts';
import { Button } from '../../ui/Button.tsx';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { Field } from '../../ui/Field.tsx';
import { Note } from '../../ui/Note.tsx';
import { PanelHead } from '../../ui/Panel.tsx';
import { useEscape } from '../../ui/use-escape.ts';

export type Way = 'invite' | 'address';

/** What can never work is not asked about twice, least of all after `device/root-mismatch`. */
const isSpent = (way: Way, { code }: WireError): boolean =>
  way === 'invite' ? ERRORS[code].action === 'new-invite' : ERRORS[code].action !== 'retry';

/** An invite is one line, so Enter means "go on" in its larger field, too. */
function submitOnEnter(event: KeyboardEvent<HTMLTextAreaElement>): void {
  if (event.key !== 'Enter' || event.shiftKey) return;
  event.preventDefault();
  event.currentTarget.form?.requestSubmit();
}

interface Join {
  way: Way;
  /** The invite or the address. */
  value: string;
  /** The organisation that is active meanwhile. */
  beside: string | undefined;
  /** Where this was opened from. */
  back: { label: string; go: () => void } | undefined;
  /** The text is the link that the app was opened with. */
  linkOpened: boolean;
  because: WireError | undefined;
  pending: boolean;
  error: WireError | null;
  onChange: (value: string) => void;
  onOtherWay: () => void;
  onContinue: () => void;
}

function leadOf({ way, beside, linkOpened }: Join): string {
  if (!linkOpened) return beside ? joinText[way].addLead(beside) : joinText[way].lead;
  return beside ? organisationText.openedAddLead(beside) : organisationText.openedLead;
}

export function JoinStep(props: Join) {
  const { way, beside, back, error } = props;
  const text = joinText[way];
  const field = useRef<HTMLTextAreaElement & HTMLInputElement>(null);
  useEffect(() => {
    field.current?.focus();
  }, []);
  useEscape(() => back?.go());
  const ready = props.value.trim() !== '' && !(error && isSpent(way, error));
  const input = {
    ref: field,
    className: 'input',
    value: props.value,
    placeholder: text.placeholder,
    autoComplete: 'off',
    spellCheck: false,
  };
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
        {leadOf(props)}
      </PanelHead>
      {props.because && !error && <ErrorNote error={props.because} tone="warn" />}
      {props.linkOpened && !error && <Note tone="info">{organisationText.opened}</Note>}
      <div>
        <Field label={text.label}>
          {(ids) =>
            way === 'invite' ? (
              <textarea
                {...ids}
                {...input}
                maxLength={1024}
                onChange={(event) => props.onChange(event.target.value)}
                onKeyDown={submitOnEnter}
              />
            ) : (
              <input
                {...ids}
                {...input}
                maxLength={300}
                inputMode="url"
                autoCapitalize="none"
                onChange={(event) => props.onChange(event.target.value)}
              />
            )
          }
        </Field>
        <Button look="quiet" size="small" className="other-way" onClick={props.onOtherWay}>
          {text.otherWay}
        </Button>
      </div>
      {error && (
        <ErrorNote
          arrives
          error={error}
          busy={props.pending}
          actions={{
            retry: props.onContinue,
            ...(way === 'invite' && {
              'new-invite': () => {
                props.onChange('');
                field.current?.focus();
              },
            }),
          }}
        />
      )}
      <div className="panel-foot">
        {back && (
          <Button look="quiet" size="large" className="wrap" onClick={back.go}>
            {back.label}
          </Button>
        )}
        <Button type="submit" look="primary" size="large" disabled={!ready} busy={props.pending}>
          {props.pending ? organisationText.looking : organisationText.look}
        </Button>
      </div>
    </form>
  );
}
