// Only the notifications that this person wants.
import type { Notifier } from '../ports.ts';
import type { Settings } from './settings.ts';

export function chosenNotices(
  notifier: Notifier | undefined,
  settings: Pick<Settings, 'current'>,
): Notifier | undefined {
  return (
    notifier && {
      show(notice) {
        if (settings.current().notifications?.[notice.kind] ?? true) notifier.show(notice);
      },
    }
  );
}
