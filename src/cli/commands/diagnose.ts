// banyan diagnose [service]
import { EXIT, explain } from '../../shared/errors.ts';
import { type Diagnosis, STEP_NAMES, type StepResult } from '../../shared/model/diagnosis.ts';
import { type Command, findService, snapshotOf } from '../context.ts';
import { type Cell, type Line, toned, tonedTable } from '../print.ts';
import { reachClient } from '../reach-client.ts';

export const diagnose: Command = async ({ home, print, arguments: { positionals, values } }) => {
  const client = await reachClient(home, { readsOnly: true });
  try {
    const [wanted] = positionals;
    const service = wanted === undefined ? null : (await findService(client, wanted)).id;
    const { device } = (await snapshotOf(client)).slices;
    const diagnosis = await client.call('diagnostics.run', { service });
    const saved = values['save'] ? await client.call('diagnostics.save', {}) : null;
    print.result({ ...diagnosis, ...saved }, [
      ...diagnosisLines(diagnosis),
      ...(device.status === 'unregistered' ? [NOT_REGISTERED] : []),
      ...(saved ? [`Saved without secrets and names as ${saved.file}.`] : []),
    ]);
    const isBroken = diagnosis.results.some(({ status }) => status === 'failed');
    return isBroken ? EXIT.failed : undefined;
  } finally {
    await client.close();
  }
};

const NOT_REGISTERED =
  'What is marked ? can be tried once this device is registered: banyan register INVITE.';

const MARKS: Record<StepResult['status'], Cell> = {
  ok: toned('ok', 'good'),
  failed: toned('FAILED', 'bad'),
  unknown: toned('?', 'faint'),
};

export const diagnosisLines = ({ results }: Diagnosis): Line[] =>
  tonedTable(
    results.map(({ step, status, reason, error }) => [
      MARKS[status],
      STEP_NAMES[step],
      error ? explain(error) : reason,
    ]),
  );
