// A browser tab that only a new link helps: calm, final, with the way to one.
import { Unplug } from 'lucide-react';
import { goneText } from '../../text/transport.ts';
import { Panel, PanelHead } from '../../ui/Panel.tsx';

export function GonePage({ how }: { how: 'gone' | 'used' }) {
  const { title, body } = goneText[how];
  return (
    <Panel>
      <PanelHead focus icon={<Unplug size={22} aria-hidden />} title={title}>
        {body}
      </PanelHead>
      <p className="lead">{goneText.how}</p>
    </Panel>
  );
}
