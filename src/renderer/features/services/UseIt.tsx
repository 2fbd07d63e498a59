// The commands that use an open tunnel, ready to be copied.
import { Tabs } from '@base-ui/react/tabs';
import { clientCommands } from '../../../shared/model/commands.ts';
import type { Service } from '../../../shared/model/service.ts';
import type { LocalAddress } from '../../../shared/model/tunnel.ts';
import { words } from '../../text/common.ts';
import { detailsText } from '../../text/services.ts';
import { CopyButton } from '../../ui/Copy.tsx';

export function UseIt({ service, address }: { service: Service; address: LocalAddress }) {
  const commands = clientCommands(service, address);
  return (
    <Tabs.Root className="block" defaultValue={commands[0]?.label}>
      <Tabs.List className="tabs" aria-label={detailsText.how}>
        {commands.map(({ label }) => (
          <Tabs.Tab key={label} value={label} className="tab">
            {label}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {commands.map(({ label, command }) => (
        <Tabs.Panel key={label} value={label} className="command">
          <code>{command}</code>
          <CopyButton text={command} label={words.copy} />
        </Tabs.Panel>
      ))}
    </Tabs.Root>
  );
}
