// Above the services when the organisation needs a newer app: what is connected stays so meanwhile.
import { ERRORS } from '../../../shared/errors.ts';
import { Note } from '../../ui/Note.tsx';
import { useTruth } from '../../window-context.tsx';

export function TooOldBanner() {
  const because = useTruth(({ slices: { device } }) =>
    device.status === 'registered' ? device.tooOld : undefined,
  );
  if (!because) return null;
  const { title, advice } = ERRORS[because.code];
  return (
    <Note tone="warn" title={title} alert>
      {because.message} {advice}
    </Note>
  );
}
