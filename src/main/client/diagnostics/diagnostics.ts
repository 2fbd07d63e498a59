// Diagnoses on demand, and the bundle that holds the last of them.
import type { Snapshot } from '../../../shared/ipc/contract.ts';
import type { Diagnosis } from '../../../shared/model/diagnosis.ts';
import type { LogLine } from '../../../shared/model/activity.ts';
import type { RecentLog } from '../activity/recent-log.ts';
import type { Network } from '../organisation/connection.ts';
import type { ClientPorts } from '../ports.ts';
import type { Runtime } from '../runtime.ts';
import { saveBundle } from './bundle.ts';
import { diagnose } from './diagnose.ts';

/** Of as many the last results are remembered: the organisation's and those of services in question. */
const MOST_KEPT = 8;
const MOST_LINES = 2_000;

export interface DiagnosticsOptions {
  ports: Pick<ClientPorts, 'secrets' | 'clock' | 'log'>;
  network: Network;
  folder: string;
  runtime: () => Runtime;
  snapshot: () => Snapshot;
  recent: Pick<RecentLog, 'after'>;
}

export function createDiagnostics(options: DiagnosticsOptions) {
  const { ports, network, folder, runtime, snapshot, recent } = options;
  let kept: Diagnosis[] = [];

  async function run(service: string | null): Promise<Diagnosis> {
    const diagnosis = await diagnose({ ports, network, runtime: runtime() }, service);
    kept = [...kept.filter((each) => each.service !== service), diagnosis].slice(-MOST_KEPT);
    return diagnosis;
  }

  return {
    run,
    async save(): Promise<{ file: string }> {
      if (!kept.some(({ service }) => service === null)) await run(null);
      const now = ports.clock.now();
      const parts = { snapshot: snapshot(), log: lastLines(recent), diagnoses: kept, now };
      return { file: await saveBundle(folder, parts) };
    },
  };
}

function lastLines(recent: Pick<RecentLog, 'after'>): LogLine[] {
  const lines: LogLine[] = [];
  let at = Math.max(0, recent.after(0).newest - MOST_LINES);
  for (;;) {
    const page = recent.after(at).lines;
    lines.push(...page);
    const last = page.at(-1);
    if (!last) return lines;
    at = last.number;
  }
}
