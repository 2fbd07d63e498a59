// A browser tab whose permission has ended: calm, final, with the way to a new one.
import { Unplug } from 'lucide-react';
import { words } from '../../text/common.ts';
import { goneText } from '../../text/transport.ts';
import { CopyButton } from '../../ui/Copy.tsx';
import { Panel, PanelHead } from '../../ui/Panel.tsx';
import './gone-page.css';

export function GonePage() {
  return (
    <Panel>
      <PanelHead icon={<Unplug size={22} aria-hidden />} title={goneText.title}>
        {goneText.body}
      </PanelHead>
      <div>
        <p className="lead">{goneText.how}</p>
        <div className="gone-command">
          <code>{goneText.command}</code>
          <CopyButton text={goneText.command} label={words.copy} />
        </div>
      </div>
    </Panel>
  );
}
