// How a connection ended, or that it runs, as a shape.
import { Ban, Check, CircleDashed, Unplug } from 'lucide-react';
import type { ConnectionOutcome } from '../../../shared/model/activity.ts';

export const outcomeIcons: Record<ConnectionOutcome, typeof Check> = {
  running: CircleDashed,
  finished: Check,
  reset: Unplug,
  idle: Unplug,
  lifetime: Unplug,
  closed: Unplug,
  refused: Ban,
  denied: Ban,
};
