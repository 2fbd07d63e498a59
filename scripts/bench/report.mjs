// From measured values to ratios, and from ratios to the table.
import { ROWS } from './rows.mjs';

/** @param {number[]} values */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * @typedef {{ run: string, round: number, candidate: string, tookMs: number, result: any }} Measurement
 * @param {Measurement[]} measurements
 * @param {import('./candidates.mjs').Candidate[]} candidates
 * @param {string} judged id of the candidate that has to reach the numbers
 */
export function summarise(measurements, candidates, judged) {
  const rows = ROWS.filter(({ run }) => measurements.some((each) => each.run === run));
  return rows.map((row) => {
    const valueOf = (candidate, round) => {
      const found = measurements.find(
        (each) => each.run === row.run && each.candidate === candidate && each.round === round,
      );
      return found && !found.result.failed ? row.value(found.result) : null;
    };
    const rounds = [...new Set(measurements.map(({ round }) => round))];
    const of = (read) =>
      Object.fromEntries(candidates.map(({ id }) => [id, rounds.map((round) => read(id, round))]));
    const values = of(valueOf);
    // Paired: both were measured seconds apart, so that what else the machine did hit both.
    const ratios = of((id, round) => {
      const value = valueOf(id, round);
      const base = row.base && valueOf(row.base, round);
      return value === null || !base ? null : value / base;
    });
    const middle = (all) => {
      const known = all.filter((value) => value !== null);
      return known.length > 0 ? median(known) : null;
    };
    const middles = (all) =>
      Object.fromEntries(Object.entries(all).map(([id, list]) => [id, middle(list)]));
    const medians = middles(values);
    const medianRatios = middles(ratios);
    const { value: _, ...facts } = row;
    const counts = (row.base ? medianRatios : medians)[judged] ?? null;
    return { ...facts, values, ratios, medians, medianRatios, reached: verdict(row, counts) };
  });
}

function verdict({ better, reach, goFor }, value) {
  if (value === null || reach === null) return null;
  const meets = (limit) => (better === 'more' ? value >= limit : value <= limit);
  if (!meets(reach)) return 'no';
  return meets(goFor) ? 'yes, and go for' : 'yes';
}

/**
 * @param {ReturnType<typeof summarise>} rows
 * @param {import('./candidates.mjs').Candidate[]} candidates
 */
export function table(rows, candidates) {
  const others = candidates.filter(({ id }) => id !== 'stunnel');
  const titles = others.map(({ title }) => title);
  const header = ['measure', 'compared with', ...titles, 'reach', 'go for', 'reached'];
  const lines = rows.map((row) => {
    const sign = row.better === 'more' ? '≥' : '≤';
    const cell = (id) => {
      const value = row.base ? row.medianRatios[id] : row.medians[id];
      return value === null || value === undefined ? '–' : value.toFixed(2);
    };
    return [
      row.title,
      compared(row),
      ...others.map(({ id }) => cell(id)),
      row.reach === null ? '–' : `${sign} ${row.reach}`,
      String(row.goFor ?? '–'),
      row.reached ?? '–',
    ];
  });
  return columns([header, ...lines]);
}

function compared({ base, medians, unit }) {
  const from = base ?? 'stunnel';
  const value = medians[from];
  const isKnown = value !== null && value !== undefined;
  if (isKnown) return `${base ? '' : 'nothing; '}${from} ${short(value)} ${unit}`;
  return base ? `${from}, not measured` : 'nothing';
}

const short = (value) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

function columns(lines) {
  const widths = lines[0].map((_, i) => Math.max(...lines.map((line) => line[i].length)));
  const format = (line) =>
    line.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ');
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  return [format(lines[0]), rule, ...lines.slice(1).map(format)].join('\n');
}
