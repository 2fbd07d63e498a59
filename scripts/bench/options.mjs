// Command line of `npm run bench`.
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { PlainError } from '../lib/steps.mjs';
import { CANDIDATE_IDS } from './candidates.mjs';
import { RUNS } from './rows.mjs';

const USAGE = `npm run bench -- [options]
  --quick              fewer and shorter measurements: ends within 3 minutes
  --json               one JSON object on standard output instead of the table
  --rounds N           how often all of it is measured; the order turns round each time (6; quick: 2)
  --only ROW,ROW       ${Object.keys(RUNS).join(' ')}
  --candidates ID,ID   ${CANDIDATE_IDS.join(' ')}
  --node PATH          the Node that runs the judged engine (Node 24, fetched once)`;

/** @typedef {ReturnType<typeof readOptions>} Options */

/** @param {string[]} args */
export function readOptions(args) {
  let values;
  try {
    values = parseArgs({
      args,
      options: {
        quick: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        rounds: { type: 'string' },
        only: { type: 'string' },
        candidates: { type: 'string' },
        node: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new PlainError(`${error.message}\n${USAGE}`);
  }
  if (values.help) throw new PlainError(USAGE);
  const rounds = Number(values.rounds ?? (values.quick ? 2 : 6));
  if (!Number.isInteger(rounds) || rounds < 1) throw new PlainError('--rounds takes a number.');
  if (values.node && !existsSync(values.node)) {
    throw new PlainError(`--node: there is no ${values.node}.`);
  }
  return {
    quick: values.quick,
    json: values.json,
    rounds,
    runs: chosen('--only', values.only, Object.keys(RUNS)),
    candidates: chosen('--candidates', values.candidates, CANDIDATE_IDS),
    node: values.node ?? null,
  };
}

function chosen(option, text, all) {
  if (text === undefined) return all;
  const wanted = text.split(',');
  const unknown = wanted.find((each) => !all.includes(each));
  if (unknown !== undefined) {
    throw new PlainError(`${option}: there is no ${unknown}; there are ${all.join(', ')}.`);
  }
  return all.filter((each) => wanted.includes(each));
}
