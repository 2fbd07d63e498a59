// One click for each program of this computer that can use the service. A browser tab has none: it may be on another one.
import { type ClientProgram, programsFor } from '../../../../shared/model/client-program.ts';
import type { Service } from '../../../../shared/model/service.ts';
import { waysText } from '../../../text/ways.ts';
import { Button } from '../../../ui/Button.tsx';
import { ErrorNote } from '../../../ui/ErrorNote.tsx';
import { useCall, useTruth } from '../../../window-context.tsx';
import type { ProgramsInView } from './use-programs.ts';

interface LaunchProps {
  service: Service;
  programs: ProgramsInView;
  sshEntry: string | undefined;
  isReady: boolean;
}

export function Launch({ service, programs, sshEntry, isReady }: LaunchProps) {
  const desktop = useTruth(({ app }) => app.desktop);
  const launch = useCall('program.launch');
  const offered = programsFor(service, sshEntry).filter((program) =>
    programs.installed.includes(program),
  );
  if (!desktop || offered.length === 0) return null;
  const hasCluster = programs.kubernetes?.entries.some((each) => each.service === service.id);
  const about = offered.includes('kubectl')
    ? waysText.launchedTerminal(hasCluster ?? false)
    : offered.some(isBrowser) && waysText.launchedBrowser(service.includeDomains.length > 0);
  return (
    <>
      <div className="entry-buttons">
        {offered.map((program) => (
          <Button
            key={program}
            disabled={!isReady}
            busy={launch.pending}
            onClick={() => void launch.run({ service: service.id, program })}
          >
            {waysText.launch[program]}
          </Button>
        ))}
      </div>
      {about && <p className="sub">{about}</p>}
      {launch.error && <ErrorNote error={launch.error} actions={{}} />}
    </>
  );
}

const isBrowser = (program: ClientProgram): boolean =>
  program === 'chromium' || program === 'firefox';
