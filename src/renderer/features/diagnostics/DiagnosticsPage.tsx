// What does not work, found out step by step; and a report for somebody who helps.
import { CircleCheck } from 'lucide-react';
import { useState } from 'react';
import { type Diagnosis, firstFailure, STEP_NAMES } from '../../../shared/model/diagnosis.ts';
import { diagnosticsText } from '../../text/diagnostics.ts';
import { Button } from '../../ui/Button.tsx';
import { CopyButton } from '../../ui/Copy.tsx';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { Select } from '../../ui/Select.tsx';
import { useCall, useTruth, useView } from '../../window-context.tsx';
import { Steps } from './Steps.tsx';
import './diagnostics.css';

/** No service has an empty id. */
const ORGANISATION = '';

export function DiagnosticsPage() {
  const services = useTruth(({ slices }) => slices.catalog.services);
  const organisation = useTruth(({ slices: { device } }) =>
    device.status === 'registered' ? device.organisation.name : '',
  );
  // Whoever comes from the details of a service means that one.
  const selected = useView((view) => view.selected);
  const [chosen, setChosen] = useState(selected ?? ORGANISATION);
  const [diagnosis, setDiagnosis] = useState<Diagnosis | null>(null);
  const diagnose = useCall('diagnostics.run');
  const run = async (): Promise<void> => {
    const service = chosen === ORGANISATION ? null : chosen;
    setDiagnosis((await diagnose.run({ service })) ?? null);
  };
  const isShown = diagnosis !== null && (diagnosis.service ?? ORGANISATION) === chosen;
  return (
    <main className="page-scroll">
      <header className="page-head">
        <div>
          <h1>{diagnosticsText.title}</h1>
          <p className="sub">{diagnosticsText.about}</p>
        </div>
      </header>
      <div className="fact-groups">
        <div className="diagnose-bar">
          <Select
            label={diagnosticsText.what}
            value={chosen}
            choices={[
              [ORGANISATION, diagnosticsText.organisation(organisation)],
              ...services.map(({ id, friendlyName }) => [id, friendlyName] as const),
            ]}
            onChange={setChosen}
          />
          <Button look="primary" busy={diagnose.pending} onClick={() => void run()}>
            {isShown ? diagnosticsText.again : diagnosticsText.run}
          </Button>
        </div>
        {diagnose.error && <ErrorNote error={diagnose.error} />}
        <section aria-live="polite">
          {isShown && !diagnose.pending && <Outcome diagnosis={diagnosis} />}
          {diagnose.pending && <p className="sub">{diagnosticsText.running}</p>}
        </section>
        <Report />
      </div>
    </main>
  );
}

function Outcome({ diagnosis }: { diagnosis: Diagnosis }) {
  const failed = firstFailure(diagnosis);
  const untried = diagnosis.results.filter(({ status }) => status === 'unknown').length;
  return (
    <div className="outcome">
      {failed ? (
        <h2 className="outcome-title bad">{diagnosticsText.broken(STEP_NAMES[failed.step])}</h2>
      ) : (
        <h2 className="outcome-title">
          <CircleCheck size={16} aria-hidden />
          {diagnosticsText.allWell(untried)}
        </h2>
      )}
      <Steps results={diagnosis.results} />
    </div>
  );
}

function Report() {
  const save = useCall('diagnostics.save');
  const [file, setFile] = useState<string | null>(null);
  return (
    <section>
      <h2 className="group-name">{diagnosticsText.saveTitle}</h2>
      <div className="leave">
        <p className="sub">{diagnosticsText.saveHelp}</p>
        <Button
          busy={save.pending}
          onClick={() => void save.run({}).then((saved) => setFile(saved?.file ?? null))}
        >
          {diagnosticsText.save}
        </Button>
      </div>
      {save.error && <ErrorNote error={save.error} />}
      <div aria-live="polite">
        {file !== null && (
          <p className="report-file">
            <span className="sub">{diagnosticsText.saved}</span> <code>{file}</code>
            <CopyButton text={file} label={diagnosticsText.copyPath} />
          </p>
        )}
      </div>
    </section>
  );
}
