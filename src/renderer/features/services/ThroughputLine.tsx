// The last minute of a service as a small line, and in words for whoever does not see it.
import { byteWords } from '../../../shared/model/traffic-words.ts';
import { SAMPLES } from '../../stores/throughput.ts';
import { serviceActivityText } from '../../text/services.ts';
import { useThroughput } from './use-throughput.ts';

const HEIGHT = 32;

export function ThroughputLine({ service }: { service: string }) {
  const rates = useThroughput(service);
  const most = Math.max(...rates, 0);
  const { now, atMost, idle } = serviceActivityText;
  const inWords = (rate: number): string => byteWords(Math.round(rate));
  const words = most === 0 ? [idle] : [now(inWords(rates.at(-1) ?? 0)), atMost(inWords(most))];
  return (
    <div className="throughput">
      <span className="unseen">{`${serviceActivityText.throughput}: ${words.join(', ')}`}</span>
      <svg aria-hidden viewBox={`0 0 ${SAMPLES - 1} ${HEIGHT}`} preserveAspectRatio="none">
        <polyline points={pointsOf(rates, most)} />
      </svg>
      <div className="throughput-words" aria-hidden>
        {most === 0 && <span>{serviceActivityText.throughput}</span>}
        {words.map((each) => (
          <span key={each}>{each}</span>
        ))}
      </div>
    </div>
  );
}

/** The newest at the right end; nothing at all is a line at the bottom. */
export function pointsOf(rates: readonly number[], most: number): string {
  const all = [...Array.from({ length: SAMPLES - rates.length }, () => 0), ...rates];
  const heightOf = (rate: number): number => (most === 0 ? 0 : (rate / most) * (HEIGHT - 3));
  return all.map((rate, at) => `${at},${(HEIGHT - 1.5 - heightOf(rate)).toFixed(1)}`).join(' ');
}
