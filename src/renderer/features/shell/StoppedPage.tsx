// In place of everything once the client has been silent for a while: what it said last is no longer true.
import { CirclePause } from 'lucide-react';
import { stoppedText } from '../../text/transport.ts';
import { Panel, PanelHead } from '../../ui/Panel.tsx';

export function StoppedPage() {
  return (
    <Panel>
      <PanelHead focus icon={<CirclePause size={22} aria-hidden />} title={stoppedText.title}>
        {stoppedText.body}
      </PanelHead>
    </Panel>
  );
}
