// Only the notifications that this person wants, and one for each cause: what fails again and again is told once, until it is over.
import type { NoticeKind } from '../../../shared/model/settings.ts';
import type { Notifier } from '../ports.ts';
import type { Settings } from './settings.ts';

export interface Notices extends Notifier {
  /** What these were about is over: the next one of it is news. */
  over(kind: NoticeKind): void;
}

export function chosenNotices(
  notifier: Notifier | undefined,
  settings: Pick<Settings, 'current'>,
): Notices | undefined {
  const told: Record<NoticeKind, Set<string>> = {
    session: new Set(),
    trouble: new Set(),
    update: new Set(),
  };
  return (
    notifier && {
      show(notice) {
        const { kind, title, body, isNews = false } = notice;
        const cause = JSON.stringify([title, body]);
        if (!(settings.current().notifications?.[kind] ?? true)) return;
        if (told[kind].has(cause) && !isNews) return;
        told[kind].add(cause);
        notifier.show(notice);
      },
      over: (kind) => told[kind].clear(),
    }
  );
}
