// Who is signed in, for how long, and the way to stay so where nothing renews it in silence.
import { canExtend, isSignedIn } from '../../../shared/model/session.ts';
import { deviceText, endingText } from '../../text/shell.ts';
import { moment, timeLeft } from '../../text/time.ts';
import { Button } from '../../ui/Button.tsx';
import { useNow } from '../../ui/use-now.ts';
import { useTruth } from '../../window-context.tsx';
import { useSignIn } from '../sign-in/use-sign-in.ts';
import { WaitingNote } from '../sign-in/WaitingNote.tsx';
import { Fact, FactGroup } from './Facts.tsx';

export function SessionFacts() {
  const session = useTruth(({ slices }) => slices.session);
  const signIn = useSignIn();
  const now = useNow();
  if (!isSignedIn(session)) return null;
  const { person, expiresAt } = session;
  return (
    <FactGroup title={deviceText.groups.session}>
      <Fact term={deviceText.person}>
        <bdi>{person.name}</bdi> <span className="sub">{person.email}</span>
      </Fact>
      <Fact
        term={deviceText.sessionLeft}
        help={
          session.ending
            ? deviceText.sessionEnds(moment(expiresAt, now))
            : deviceText.sessionRenews(moment(expiresAt, now))
        }
        action={
          canExtend(session) && (
            <Button size="small" look="primary" onClick={signIn.start}>
              {endingText.extend}
            </Button>
          )
        }
      >
        {timeLeft(expiresAt - now)}
      </Fact>
      {session.status === 'extending' && <WaitingNote signIn={signIn} />}
    </FactGroup>
  );
}
