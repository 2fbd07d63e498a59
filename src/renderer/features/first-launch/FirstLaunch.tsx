// From an invite to a registered device. Nothing changes on this computer until Register; every step has a way back.
import { useEffect, useState } from 'react';
import type { InviteFacts } from '../../../shared/ipc/contract.ts';
import type { Ownership, SecretStoreKind } from '../../../shared/model/device.ts';
import { Panel } from '../../ui/Panel.tsx';
import { KnownOrganisations } from '../organisations/KnownOrganisations.tsx';
import { useCall, useMirror, useSetView, useTruth } from '../../window-context.tsx';
import { ConfirmStep } from './ConfirmStep.tsx';
import { DeviceStep } from './DeviceStep.tsx';
import { InviteStep } from './InviteStep.tsx';
import { Registering } from './Registering.tsx';
import { Stepper } from './Stepper.tsx';
import { UnlockPage } from './UnlockPage.tsx';

/** What a person has said so far; kept while going back and forth. */
export interface Answers {
  invite: string;
  name: string;
  ownership: Ownership;
  secrets: SecretStoreKind;
  /** For a file of secrets. */
  passphrase: string;
  passphraseAgain: string;
}

type Step = 'invite' | 'confirm' | 'device';

/** `beside`: the organisation that is active meanwhile, and stays so if the person goes back to it. */
export function FirstLaunch({ beside }: { beside?: string }) {
  const app = useTruth(({ app }) => app);
  const device = useTruth(({ slices }) => slices.device);
  const known = useTruth(({ slices }) => slices.organisations);
  const setView = useSetView();
  const mirror = useMirror();
  const inspect = useCall('device.inspectInvite');
  const register = useCall('device.register');
  const [anew, setAnew] = useState(false);

  const [step, setStep] = useState<Step>('invite');
  const [facts, setFacts] = useState<InviteFacts | null>(null);
  const ignoredFile = useTruth(({ slices: { managed } }) =>
    managed.status === 'ignored' ? managed.because : undefined,
  );
  // Why this device is here again, e.g. secrets that were only in memory. Later failures belong to `register`.
  const [because = ignoredFile] = useState(
    device.status === 'unregistered' ? device.because : undefined,
  );
  const [answers, setAnswers] = useState<Answers>({
    invite: app.pendingInvite ?? '',
    name: app.hostName,
    ownership: 'Corporate Dedicated',
    secrets: app.suggestedSecretStore,
    passphrase: '',
    passphraseAgain: '',
  });
  const change = (next: Partial<Answers>): void => setAnswers((now) => ({ ...now, ...next }));

  useEffect(() => setView({ firstLaunch: true }), [setView]);

  async function look(): Promise<void> {
    const found = await inspect.run({ invite: answers.invite.trim() });
    if (!found) return;
    setFacts(found);
    setStep('confirm');
  }

  async function enrol(next: Answers): Promise<void> {
    setAnswers(next);
    const { ownership, secrets, passphrase } = next;
    const done = await register.run({
      invite: next.invite.trim(),
      name: next.name.trim(),
      ownership,
      secrets,
      ...(secrets === 'file' && { passphrase }),
    });
    // The invite is used up: it must not be in the form that comes next.
    if (done) await mirror.refetch();
  }

  function back(to: Step): void {
    inspect.forget();
    register.forget();
    setStep(to);
  }

  function leave(): void {
    setView({ adding: false, firstLaunch: false });
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
        step === 'invite' && <KnownOrganisations known={known} />
      }
    >
      {step === 'invite' && (
        <InviteStep
          invite={answers.invite}
          beside={beside}
          onLeave={leave}
          linkOpened={app.pendingInvite !== null && answers.invite === app.pendingInvite}
          because={because}
          pending={inspect.pending}
          error={inspect.error}
          onChange={(invite) => {
            inspect.forget();
            change({ invite });
          }}
          onContinue={() => void look()}
        />
      )}
      {step === 'confirm' && facts && (
        <ConfirmStep facts={facts} onYes={() => setStep('device')} onNo={() => back('invite')} />
      )}
      {step === 'device' && facts && (
        <DeviceStep
          organisation={facts.organisationName}
          answers={answers}
          pending={register.pending}
          error={register.error}
          onChange={change}
          onBack={() => back('confirm')}
          onNewInvite={() => back('invite')}
          onRegister={(next) => void enrol(next)}
        />
      )}
    </Panel>
  );
}
