// Numbers about an edge that runs, in the text format of Prometheus (version 0.0.4). A few lines of our own instead of a
// package: there is nothing to it but names, labels and escaping. No label tells of a person or a device.
import type { Audit } from '../audit/audit.ts';

export interface MetricsSources {
  audit: Pick<Audit, 'on'>;
  connections(): { open: number; turnedAway: number };
  services(): number;
  /** Of ACME directories. */
  certificates(): { service: string; until?: number }[];
  log: { errors(): number };
}

export interface Metrics {
  text(): string;
  stop(): void;
}

type Labels = Readonly<Record<string, string>>;
interface Sample {
  labels?: Labels;
  value: number;
}

export function createMetrics(sources: MetricsSources): Metrics {
  const decisions = new Map<string, { labels: Labels; value: number }>();
  const stop = sources.audit.on(({ event, allowed, code = '' }) => {
    const labels = { event, allowed: String(allowed), code };
    const key = JSON.stringify(labels);
    const counted = decisions.get(key) ?? { labels, value: 0 };
    counted.value += 1;
    decisions.set(key, counted);
  });
  return {
    stop,
    text() {
      const { open, turnedAway } = sources.connections();
      const { rss, heapUsed } = process.memoryUsage();
      const { user, system } = process.cpuUsage();
      return [
        family('banyan_edge_connections', 'gauge', 'Connections and streams of the Access Tier.', [
          { value: open },
        ]),
        family(
          'banyan_edge_turned_away_total',
          'counter',
          'Connections and streams for which there was no place.',
          [{ value: turnedAway }],
        ),
        family(
          'banyan_edge_decisions_total',
          'counter',
          'Entries of the audit, by what they say.',
          [...decisions.values()],
        ),
        family('banyan_edge_services', 'gauge', 'Services that are defined.', [
          { value: sources.services() },
        ]),
        family(
          'banyan_edge_certificate_end_seconds',
          'gauge',
          'Since the epoch: end of what an ACME directory issued; 0: nothing yet.',
          sources
            .certificates()
            .map(({ service, until = 0 }) => ({ labels: { service }, value: until })),
        ),
        family('banyan_edge_errors_total', 'counter', 'Errors in the log.', [
          { value: sources.log.errors() },
        ]),
        family('process_resident_memory_bytes', 'gauge', 'Resident memory.', [{ value: rss }]),
        family('nodejs_heap_size_used_bytes', 'gauge', 'Heap in use.', [{ value: heapUsed }]),
        family('process_cpu_seconds_total', 'counter', 'Time of user and system.', [
          { value: (user + system) / 1e6 },
        ]),
        family('process_start_time_seconds', 'gauge', 'Since the epoch.', [
          { value: Math.floor(performance.timeOrigin / 1000) },
        ]),
      ].join('');
    },
  };
}

export function family(
  name: string,
  type: 'gauge' | 'counter',
  help: string,
  samples: readonly Sample[],
): string {
  const lines = samples.map(({ labels = {}, value }) => {
    const written = Object.entries(labels).map(([key, text]) => `${key}="${escaped(text)}"`);
    return `${name}${written.length > 0 ? `{${written.join(',')}}` : ''} ${value}\n`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

const escaped = (text: string): string =>
  text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
