// Step 1, second half: a clear yes to this organisation, with the fingerprint in view before it is asked for. Where nobody
// vouches for it, the yes is the part of the fingerprint that only its administrator can say.
import { ShieldCheck, ShieldQuestion } from 'lucide-react';
import type { WireError } from '../../../shared/errors.ts';
import type { AddressFacts } from '../../../shared/ipc/contract.ts';
import { completeFingerprint, missingOf } from '../../../shared/model/fingerprint.ts';
import { organisationText } from '../../text/first-launch.ts';
import { Button } from '../../ui/Button.tsx';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { Field } from '../../ui/Field.tsx';
import { Fingerprint } from '../../ui/Fingerprint.tsx';
import { PanelHead } from '../../ui/Panel.tsx';
import { useEscape } from '../../ui/use-escape.ts';
import type { Way } from './JoinStep.tsx';

const focusOnce = (field: HTMLInputElement | null): void => field?.focus();

export function ConfirmStep(props: {
  way: Way;
  facts: AddressFacts;
  typed: string;
  /** Of a fingerprint that was typed. */
  pending: boolean;
  error: WireError | null;
  onTyping: (typed: string) => void;
  onYes: (fingerprint: string) => void;
  onNo: () => void;
}) {
  const { facts, typed, error } = props;
  const { organisationName, host } = facts;
  const isVouchedFor = 'rootFingerprint' in facts;
  const whole = isVouchedFor
    ? facts.rootFingerprint
    : completeFingerprint(typed, facts.fingerprintEnd);
  const Shield = isVouchedFor ? ShieldCheck : ShieldQuestion;
  useEscape(props.onNo);
  return (
    <form
      className="first-launch-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (whole !== null && !props.pending && !error) props.onYes(whole);
      }}
    >
      <PanelHead
        focus={isVouchedFor}
        icon={<Shield size={22} aria-hidden />}
        title={organisationText.confirmTitle(organisationName)}
      >
        {organisationText.confirmLead(props.way, isVouchedFor)}
      </PanelHead>
      <dl className="facts">
        <div>
          <dt>{organisationText.address}</dt>
          <dd>{host}</dd>
        </div>
        <div>
          <dt>{organisationText.fingerprint}</dt>
          <dd>
            <Fingerprint
              value={isVouchedFor ? facts.rootFingerprint : facts.fingerprintEnd}
              label={organisationText.fingerprint}
              missing={isVouchedFor ? 0 : 3}
            />
          </dd>
        </div>
      </dl>
      {!isVouchedFor && (
        <Field
          label={organisationText.firstGroups}
          help={organisationText.firstGroupsHelp(missingOf(typed))}
        >
          {(ids) => (
            <input
              {...ids}
              ref={focusOnce}
              className="input mono"
              value={typed}
              placeholder="•••• •••• ••••"
              maxLength={80}
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
              onChange={(event) => props.onTyping(event.target.value)}
            />
          )}
        </Field>
      )}
      {error && (
        <ErrorNote
          arrives
          error={error}
          busy={props.pending}
          actions={{ retry: () => whole !== null && props.onYes(whole) }}
        />
      )}
      <div className="panel-foot">
        <Button look="quiet" size="large" onClick={props.onNo}>
          {organisationText.no}
        </Button>
        <Button
          type="submit"
          look="primary"
          size="large"
          className="wrap"
          disabled={whole === null || error !== null}
          busy={props.pending}
        >
          {organisationText.yes(organisationName)}
        </Button>
      </div>
    </form>
  );
}
