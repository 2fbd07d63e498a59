// Words of this device's posture.
import type { FactorState, TrustLevel } from '../../shared/model/posture.ts';

export const postureText = {
  title: 'Security of this device',
  checking: 'Looking at this device for the first time…',
  level: 'Trust level',
  levelHelp: {
    AlwaysDeny: 'Your organisation lets this device use no service until this is fixed.',
    Low: 'Services that ask for more are closed for this device.',
    Medium: 'Services that ask for a higher level are closed for this device.',
    High: 'Nothing stands in the way of any service.',
  } satisfies Record<TrustLevel, string>,
  capped: (reason: string) => `Held down by your administrator: ${reason}`,
  states: {
    met: 'On',
    failed: 'Off',
    unknown: 'Could not be checked',
    off: 'Off',
  } satisfies Record<FactorState, string>,
  tooOld: (system: string) => `${system}, too old`,
  programs: {
    met: 'Running',
    failed: 'Missing',
    unknown: 'Could not be checked',
    off: 'Not running',
  },
  unknownCounts:
    'Banyan could not tell on this computer, and your organisation asks for it: ask your administrator.',
  unasked:
    'The server of your organisation asks for none of this: nothing here opens or closes a service. A newer one may.',
  again: 'Check again',
  checkedAt: (time: string) => `Checked ${time}`,
};
