// Why a service is closed for this person, and what she can do about it: the checks of this device that fail, where it is
// about the device.
import type { Service } from '../../../shared/model/service.ts';
import { factorState, missingPrograms, POSTURE_FACTORS } from '../../../shared/model/posture.ts';
import { FACTOR_NAMES, factorFix, LEVEL_NAMES } from '../../../shared/model/posture-words.ts';
import { postureText } from '../../text/posture.ts';
import { detailsText } from '../../text/services.ts';
import { Button } from '../../ui/Button.tsx';
import { Note } from '../../ui/Note.tsx';
import { useSetView, useTruth } from '../../window-context.tsx';

export function WhyDenied({ service: { access } }: { service: Service }) {
  if (access.status !== 'denied') return null;
  const isAboutDevice = access.code === 'trust_level';
  const isUpToOthers = access.code === 'role' || access.code === 'device';
  return (
    <>
      <Note tone="warn" title={detailsText.notAvailable}>
        {access.reason} {isUpToOthers && detailsText.byAdministrator}
      </Note>
      {isAboutDevice && <ToFix />}
    </>
  );
}

function ToFix() {
  const setView = useSetView();
  const platform = useTruth(({ app }) => app.platform);
  const posture = useTruth(({ slices: { device } }) =>
    device.status === 'registered' ? device.posture : undefined,
  );
  const all = posture ? POSTURE_FACTORS : [];
  const failed = all.filter((factor) => posture && factorState(posture, factor) === 'failed');
  const untold = all.filter((factor) => posture?.verdict?.unknown.includes(factor));
  return (
    <section className="details-section">
      <h2>{detailsText.toFix}</h2>
      {posture?.verdict && (
        <p className="sub">{detailsText.atLevel(LEVEL_NAMES[posture.verdict.trustLevel])}</p>
      )}
      {posture && failed.length + untold.length > 0 ? (
        <ul className="block to-fix">
          {failed.map((factor) => (
            <li key={factor}>
              <b>{FACTOR_NAMES[factor]}</b>
              <p className="sub">{factorFix(factor, platform, missingPrograms(posture))}</p>
            </li>
          ))}
          {untold.map((factor) => (
            <li key={factor}>
              <b>{FACTOR_NAMES[factor]}</b>
              <p className="sub">{postureText.unknownCounts}</p>
            </li>
          ))}
        </ul>
      ) : (
        posture && <p className="sub">{detailsText.noneToFix}</p>
      )}
      <div>
        <Button onClick={() => setView({ page: 'device' })}>{detailsText.thisDevice}</Button>
      </div>
    </section>
  );
}
