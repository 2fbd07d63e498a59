// From an invite, or an address, to a registered device. Nothing changes on this computer until Register; every step has a way back.
import { useEffect, useState } from 'react';
import type { AddressFacts } from '../../../shared/ipc/contract.ts';
import type { Ownership, SecretStoreKind } from '../../../shared/model/device.ts';
import { managedText } from '../../text/managed.ts';
import { organisationsText } from '../../text/organisations.ts';
import { Panel } from '../../ui/Panel.tsx';
import { Waiting } from '../sign-in/Waiting.tsx';
import { KnownOrganisations } from '../organisations/KnownOrganisations.tsx';
import { useCall, useSetView, useTruth } from '../../window-context.tsx';
import { ConfirmStep } from './ConfirmStep.tsx';
import { DeviceStep } from './DeviceStep.tsx';
import { JoinStep, type Way } from './JoinStep.tsx';
import { Registering } from './Registering.tsx';
import { Stepper } from './Stepper.tsx';
import { useRegisterBySignIn } from './use-register-by-sign-in.ts';
import { UnlockPage } from './UnlockPage.tsx';

/** What a person has said so far; kept while going back and forth. */
export interface Answers {
  invite: string;
  address: string;
  /** The part of a fingerprint that nobody vouches for. */
  typed: string;
  name: string;
  ownership: Ownership;
  secrets: SecretStoreKind;
  /** For a file of secrets. */
  passphrase: string;
  passphraseAgain: string;
}

type Step = 'join' | 'confirm' | 'device';

interface Place {
  /** The invite or address that was asked about. */
  question: string;
  step: Step;
  facts: AddressFacts | null;
}
const START: Pick<Place, 'step' | 'facts'> = { step: 'join', facts: null };

export function FirstLaunch({
  beside,
  isBesideSetup = false,
}: {
  /** The organisation that is active meanwhile, and stays so if the person goes back to it. */
  beside?: string;
  /** A managed deployment file registers this computer too: the person may go back to that. */
  isBesideSetup?: boolean;
}) {
  const app = useTruth(({ app }) => app);
  const device = useTruth(({ slices }) => slices.device);
  const known = useTruth(({ slices }) => slices.organisations);
  const linked = useTruth(({ slices }) => slices.links.invite);
  const setView = useSetView();
  const registration = useTruth(({ slices }) => slices.registration);
  const calls = {
    invite: { inspect: useCall('device.inspectInvite'), register: useCall('device.register') },
    address: {
      inspect: useCall('device.inspectAddress'),
      register: useRegisterBySignIn(),
    },
  };
  const cancel = useCall('device.cancelRegistration');
  const dismiss = useCall('link.dismiss');
  const [way, setWay] = useState<Way>('invite');
  const { inspect, register } = calls[way];
  const [anew, setAnew] = useState(false);

  /** Whole, from whom it may come: see `ConfirmStep`. */
  const [fingerprint, setFingerprint] = useState('');
  const ignoredFile = useTruth(({ slices: { managed } }) =>
    managed.status === 'ignored' ? managed.because : undefined,
  );
  // Why this device is here again, e.g. secrets that were only in memory. Later failures belong to `register`.
  const [because = ignoredFile] = useState(
    device.status === 'unregistered' ? device.because : undefined,
  );
  const [answers, setAnswers] = useState<Answers>({
    invite: linked ?? '',
    address: '',
    typed: '',
    name: app.hostName,
    ownership: 'Corporate Dedicated',
    secrets: app.suggestedSecretStore,
    passphrase: '',
    passphraseAgain: '',
  });
  const change = (next: Partial<Answers>): void => setAnswers((now) => ({ ...now, ...next }));
  /**
   * How far they are with this very invite or address. Another one, typed or of a link that arrives while the organisation
   * is looked at, begins anew: else a yes to the one that was seen would register with the other one.
   */
  const question = `${way} ${answers[way].trim()}`;
  const [place, setPlace] = useState<Place | null>(null);
  const { step, facts } = place?.question === question ? place : START;
  const go = (to: Step, seen = facts): void => setPlace({ question, step: to, facts: seen });
  const [taken, setTaken] = useState(linked);
  // A link that is opened now is what the person wants now; all else that was typed stays.
  if (linked !== taken) {
    setTaken(linked);
    if (linked !== null && !register.pending) {
      change({ invite: linked });
      setWay('invite');
      setPlace(null);
    }
  }

  useEffect(() => setView({ firstLaunch: true }), [setView]);

  async function look(): Promise<void> {
    const found =
      way === 'invite'
        ? await calls.invite.inspect.run({ invite: answers.invite.trim() })
        : await calls.address.inspect.run({ address: answers.address.trim() });
    if (found) go('confirm', found);
  }

  /** What was typed is compared with what is there before anything else is asked. */
  async function confirm(whole: string): Promise<void> {
    if (facts && !('rootFingerprint' in facts)) {
      const asked = { address: answers.address.trim(), fingerprint: whole };
      if (!(await calls.address.inspect.run(asked))) return;
    }
    setFingerprint(whole);
    go('device');
  }

  async function enrol(next: Answers): Promise<void> {
    setAnswers(next);
    const { ownership, secrets, passphrase } = next;
    const about = {
      name: next.name.trim(),
      ownership,
      secrets,
      ...(secrets === 'file' && { passphrase }),
    };
    const address = next.address.trim();
    await (way === 'invite'
      ? calls.invite.register.run({ invite: next.invite.trim(), ...about })
      : calls.address.register.run({ address, fingerprint, ...about }));
  }

  function back(to: Step): void {
    inspect.forget();
    register.forget();
    go(to);
  }

  function leave(): void {
    if (linked !== null) void dismiss.run({ asksFor: 'invite' });
    setView({ adding: false, firstLaunch: false });
  }

  const backLabel =
    beside === undefined
      ? isBesideSetup
        ? managedText.back
        : undefined
      : organisationsText.backTo(beside);

  if (registration.status === 'waiting') {
    const waiting = { url: registration.url, code: null, cancel: () => void cancel.run({}) };
    return (
      <Panel above={<Stepper current={1} />}>
        <Waiting signIn={waiting} />
      </Panel>
    );
  }
  const registering = device.status === 'registering' ? device.organisation : undefined;
  if (registering !== undefined || (beside && register.pending)) {
    return (
      <Panel above={<Stepper current={1} />}>
        <Registering organisation={facts?.organisationName ?? registering ?? ''} />
      </Panel>
    );
  }
  if (because?.code === 'device/passphrase-needed' && !anew) {
    return <UnlockPage onAnew={() => setAnew(true)} />;
  }
  return (
    <Panel
      above={<Stepper current={step === 'device' ? 1 : 0} />}
      below={
        beside === undefined &&
        known.length > 0 &&
        step === 'join' && <KnownOrganisations known={known} />
      }
    >
      {step === 'join' && (
        <JoinStep
          key={way}
          way={way}
          value={answers[way]}
          beside={beside}
          back={backLabel === undefined ? undefined : { label: backLabel, go: leave }}
          linkOpened={linked !== null && answers[way] === linked}
          because={because}
          pending={inspect.pending}
          error={inspect.error}
          onChange={(value) => {
            inspect.forget();
            change({ [way]: value, typed: '' });
          }}
          onOtherWay={() => {
            inspect.forget();
            setWay(way === 'invite' ? 'address' : 'invite');
          }}
          onContinue={() => void look()}
        />
      )}
      {step === 'confirm' && facts && (
        <ConfirmStep
          way={way}
          facts={facts}
          pending={inspect.pending}
          error={inspect.error}
          typed={answers.typed}
          onTyping={(typed) => {
            inspect.forget();
            change({ typed });
          }}
          onYes={(whole) => void confirm(whole)}
          onNo={() => back('join')}
        />
      )}
      {step === 'device' && facts && (
        <DeviceStep
          way={way}
          organisation={facts.organisationName}
          answers={answers}
          beside={beside}
          pending={register.pending}
          error={register.error}
          onChange={change}
          onNoKeychain={() => change({ secrets: 'file' })}
          onBack={() => back('confirm')}
          onNewInvite={() => back('join')}
          onRegister={(next) => void enrol(next)}
        />
      )}
    </Panel>
  );
}
