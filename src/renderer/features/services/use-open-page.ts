// Opens a web service: by the client in this computer's browser, or beside this tab, where the window is in one itself.
import { useState } from 'react';
import type { WireError } from '../../../shared/errors.ts';
import { openTab } from '../../new-tab.ts';
import { transportMessages } from '../../text/transport.ts';
import { type CallState, useCall, useOpensPages } from '../../window-context.tsx';

export function useOpenPage(): CallState<'service.open'> {
  const inTab = useOpensPages();
  const open = useCall('service.open');
  const page = useCall('service.page');
  const [blocked, setBlocked] = useState<WireError | null>(null);
  if (!inTab) return open;
  return {
    pending: page.pending,
    error: blocked ?? page.error,
    forget() {
      setBlocked(null);
      page.forget();
    },
    async run(input) {
      const tab = openTab();
      setBlocked(tab ? null : noTab);
      if (!tab) return;
      const found = await page.run(input);
      if (found) tab.lead(found.url);
      else tab.drop();
    },
  };
}

const noTab: WireError = {
  code: 'web/tab-blocked',
  message: transportMessages.tabBlocked,
};
