// banyan posture [--check]
import { AppError } from '../../shared/errors.ts';
import type { Device } from '../../shared/model/device.ts';
import { localTime } from '../../shared/local-time.ts';
import {
  type FactorState,
  factorState,
  missingPrograms,
  type Posture,
  POSTURE_FACTORS,
} from '../../shared/model/posture.ts';
import { FACTOR_NAMES, factorFix, LEVEL_NAMES } from '../../shared/model/posture-words.ts';
import { type Command, snapshotOf } from '../context.ts';
import { type Cell, toned, tonedTable } from '../print.ts';
import { reachClient, type ReachedClient } from '../reach-client.ts';

const WORDS: Record<FactorState, Cell> = {
  met: toned('ok', 'good'),
  failed: toned('TO FIX', 'bad'),
  unknown: toned('?', 'faint'),
  off: toned('off', 'faint'),
};

export const posture: Command = async ({ home, print, arguments: { values } }) => {
  const client = await reachClient(home, { readsOnly: true });
  try {
    const { app } = await snapshotOf(client);
    const seen = await postureOf(client, Boolean(values['check']));
    const factors = POSTURE_FACTORS.flatMap((factor) => {
      const state = factorState(seen, factor);
      if (state === null) return [];
      const isWell = state === 'met' || state === 'unknown';
      const fix = isWell ? null : factorFix(factor, app.platform, missingPrograms(seen));
      return [{ factor, state, fix }];
    });
    const { verdict, checkedAt, because } = seen;
    print.result(
      {
        trustLevel: verdict?.trustLevel ?? null,
        capReason: verdict?.capReason ?? null,
        checkedAt,
        factors,
      },
      [
        ...levelWords(seen),
        ...tonedTable(
          factors.map(({ factor, state, fix }) => [WORDS[state], FACTOR_NAMES[factor], fix ?? '']),
        ).map((line) => ['  ', ...line]),
        ...(because ? [`Your organisation could not be told: ${because.message}`] : []),
        `Looked at ${localTime(checkedAt)}.`,
      ],
    );
  } finally {
    await client.close();
  }
};

async function postureOf(client: ReachedClient, anew: boolean): Promise<Posture> {
  const known = anew ? undefined : knownOf((await snapshotOf(client)).slices.device);
  if (known) return known;
  await client.call('device.checkPosture', {});
  const seen = knownOf((await snapshotOf(client)).slices.device);
  if (seen) return seen;
  throw new AppError('device/not-registered', 'Nothing is known of this computer yet.');
}

const knownOf = (device: Device): Posture | undefined =>
  device.status === 'registered' ? device.posture : undefined;

function levelWords({ verdict }: Posture): string[] {
  if (!verdict) return [];
  const cap = verdict.capReason ? `, held down by your administrator: ${verdict.capReason}` : '';
  return [`Trust level: ${LEVEL_NAMES[verdict.trustLevel]}${cap}`];
}
