// A connection that was refused, or ended by a limit, while the tunnel stayed open; put away by a press, until the next one.
import { X } from 'lucide-react';
import { words } from '../../text/common.ts';
import { detailsText } from '../../text/services.ts';
import { clockTime } from '../../text/time.ts';
import { Button } from '../../ui/Button.tsx';
import { Note } from '../../ui/Note.tsx';
import { useSetView, useView } from '../../window-context.tsx';
import type { Shown } from './service-view.ts';

export function RefusalNote({ service, tunnel }: Shown) {
  const putAway = useView((view) => view.putAway);
  const setView = useSetView();
  const refusal = tunnel.status === 'open' ? tunnel.lastRefusal : undefined;
  if (!refusal || putAway[service.id] === refusal.at) return null;
  return (
    <Note
      tone="warn"
      title={
        refusal.error.code === 'tunnel/limit-reached'
          ? detailsText.ended(clockTime(refusal.at))
          : detailsText.refused(clockTime(refusal.at))
      }
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
