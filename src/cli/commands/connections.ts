// banyan connections [service]
import type { RecentConnection } from '../../shared/model/activity.ts';
import { durationWords, outcomeWord } from '../../shared/model/connection-words.ts';
import { byteWords } from '../../shared/model/traffic-words.ts';
import { localTime } from '../../shared/local-time.ts';
import { type Command, findService, snapshotOf } from '../context.ts';
import { table } from '../print.ts';
import { reachClient } from '../reach-client.ts';

const HEADING = ['SINCE', 'SERVICE', 'TARGET', 'SENT', 'RECEIVED', 'DURATION', 'HOW IT ENDED'];
/** Of a number that is not known before the first answer. */
const NONE_KNOWN = -1;

export const connections: Command = async ({ home, print, arguments: { positionals } }) => {
  const client = await reachClient(home, { readsOnly: true });
  try {
    const [wanted] = positionals;
    const only = wanted === undefined ? null : (await findService(client, wanted)).id;
    const { services } = (await snapshotOf(client)).slices.catalog;
    const answer = await client.call('activity.connections', { known: NONE_KNOWN });
    const listed = (answer.connections ?? []).filter(
      ({ service }) => only === null || service === only,
    );
    const nameOf = (id: string): string =>
      services.find((service) => service.id === id)?.name ?? id;
    const now = Date.now();
    const rows = listed.map((connection) => [
      localTime(connection.startedAt),
      nameOf(connection.service),
      connection.target,
      ...carried(connection),
      durationWords(connection.durationMs ?? Math.max(0, now - connection.startedAt)),
      outcomeWord(connection),
    ]);
    const none = client.isOwn
      ? 'Banyan does not run, and what was connected before is not kept.'
      : 'No connection yet: connect a service and use it.';
    print.result({ connections: listed }, rows.length > 0 ? table([HEADING, ...rows]) : [none]);
  } finally {
    await client.close();
  }
};

/** Counted at the end. */
const carried = ({ durationMs, bytesSent, bytesReceived }: RecentConnection): string[] =>
  durationMs === null ? ['', ''] : [byteWords(bytesSent), byteWords(bytesReceived)];
