// Words of the diagnostics page.
import type { DiagnosisStep, StepResult } from '../../shared/model/diagnosis.ts';

export const diagnosticsText = {
  title: 'Diagnostics',
  about: 'Tries every step of the way, and says where it ends and what helps.',
  what: 'What does not work?',
  organisation: (name: string) => `Reaching ${name}`,
  run: 'Run',
  again: 'Run again',
  running: 'Trying every step…',
  notRun: 'Nothing has been tried yet.',
  states: {
    ok: 'Works',
    failed: 'Does not work',
    unknown: 'Not known',
  } satisfies Record<StepResult['status'], string>,
  allWell: (untried: number) =>
    untried === 0
      ? 'Every step works.'
      : `No step fails; ${untried === 1 ? 'one' : untried} could not be tried.`,
  broken: (step: string) => `${step}: this is where it stops`,
  tookMs: (ms: number) => (ms < 1_000 ? `${ms} ms` : `${(ms / 1_000).toFixed(1)} s`),
  help: {
    keychain: 'Where the keys of this device are kept.',
    clock: 'Certificates hold for a time, so the clock has to be right.',
    proxy: 'The proxy of your network, where there is one.',
    name: 'The address behind the name.',
    tcp: 'Whether a connection can be made at all.',
    tls: 'Whether it really is your organisation.',
    certificate: 'Whether your organisation takes this device.',
    policy: 'Whether you may use it.',
    backend: 'Whether what is behind it answers.',
  } satisfies Record<DiagnosisStep, string>,
  saveTitle: 'For whoever helps you',
  saveHelp:
    'Saves versions, settings, these results and the log as one file on this computer. No key, token, password or name of a person is in it. Nothing is sent.',
  save: 'Save a report',
  saved: 'Saved as',
  copyPath: 'Copy the path',
};
