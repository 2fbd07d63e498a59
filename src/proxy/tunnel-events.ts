// Where the engine reports facts to.
import type { TunnelFact } from './messages.ts';

export type TunnelSink = (fact: TunnelFact) => void;
