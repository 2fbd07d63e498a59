// A connection that was refused, or ended by a limit, while the tunnel stayed open; put away by a press, until the next one.
import { X } from 'lucide-react';
import type { Refusal } from '../../../shared/model/tunnel.ts';
import { words } from '../../text/common.ts';
import { detailsText } from '../../text/services.ts';
import { clockTime } from '../../text/time.ts';
import { Button } from '../../ui/Button.tsx';
import { Note } from '../../ui/Note.tsx';
import { useSetView, useView } from '../../window-context.tsx';
import type { Shown } from './service-view.ts';

/** The last one that nobody has put away yet. */
export function useRefusal({ service, tunnel }: Shown): Refusal | undefined {
  const seen = useView((view) => view.putAway[service.id]);
  const refusal = tunnel.status === 'open' ? tunnel.lastRefusal : undefined;
  return refusal && seen !== refusal.at ? refusal : undefined;
}

function titleOf({ at, error }: Refusal): string {
  if (error.code === 'tunnel/limit-reached') return detailsText.ended(clockTime(at));
  return error.code === 'tunnel/target-unreachable'
    ? detailsText.unanswered(clockTime(at))
    : detailsText.refused(clockTime(at));
}

export function RefusalNote({ service, tunnel }: Shown) {
  const putAway = useView((view) => view.putAway);
  const setView = useSetView();
  const refusal = useRefusal({ service, tunnel });
  if (!refusal) return null;
  return (
    <Note
      tone="warn"
      title={titleOf(refusal)}
      action={
        <Button
          look="quiet"
          size="small"
          className="icon-only"
          aria-label={words.dismiss}
          title={words.dismiss}
          onClick={() => setView({ putAway: { ...putAway, [service.id]: refusal.at } })}
        >
          <X size={14} aria-hidden />
        </Button>
      }
    >
      {refusal.error.message}
    </Note>
  );
}
