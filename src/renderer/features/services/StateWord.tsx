// The state of a service as a word, a colour and a shape.
import { Check, CircleMinus, Hourglass, LoaderCircle, TriangleAlert } from 'lucide-react';
import { exhaustive } from '../../../shared/exhaustive.ts';
import { stateWords } from '../../text/services.ts';
import { useLinkState } from '../../window-context.tsx';
import type { Shown } from './service-view.ts';

export function StateWord({ service, tunnel }: Shown) {
  const unheard = useLinkState() === 'interrupted';
  if (unheard && tunnel.status !== 'closed') {
    return (
      <span className="state">
        <LoaderCircle size={14} className="spin" aria-hidden />
        {stateWords.unknown}
      </span>
    );
  }
  switch (tunnel.status) {
    case 'opening':
      return (
        <span className="state busy">
          <LoaderCircle size={14} className="spin" aria-hidden />
          {stateWords.opening}
        </span>
      );
    case 'open':
      if (tunnel.trouble) {
        return (
          <span className="state busy">
            <LoaderCircle size={14} className="spin" aria-hidden />
            {stateWords.reconnecting}
          </span>
        );
      }
      if (tunnel.waiting) {
        return (
          <span className="state busy">
            <Hourglass size={14} aria-hidden />
            {stateWords.waiting}
          </span>
        );
      }
      return (
        <span className="state ok">
          <Check size={14} strokeWidth={2.4} aria-hidden />
          {stateWords.open}
        </span>
      );
    case 'closing':
      return (
        <span className="state">
          <LoaderCircle size={14} className="spin" aria-hidden />
          {stateWords.closing}
        </span>
      );
    case 'failed':
      return (
        <span className="state bad">
          <TriangleAlert size={14} aria-hidden />
          {stateWords.failed}
        </span>
      );
    case 'closed':
      return service.access.status === 'denied' ? (
        <span className="state">
          <CircleMinus size={14} aria-hidden />
          {stateWords.denied}
        </span>
      ) : null;
    default:
      return exhaustive(tunnel);
  }
}
