// Notifications as the system shows them.
import { Notification } from 'electron';
import { plainText } from './plain-text.ts';

const LONGEST_TITLE = 120;
const LONGEST_BODY = 600;

/**
 * On Linux the body is markup, and Electron hands it over as it is: a name of the organisation could bring a link along, and one
 * with "&" or "<" in it would leave nothing to read. The title is text everywhere.
 */
const escaped = (text: string): string =>
  process.platform === 'linux'
    ? text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
    : text;

/** Without somebody who holds it, one is collected and its click is lost. */
const shownNotices = new Set<Notification>();

export function showNotice(
  { title, body }: { title: string; body: string },
  onClick: () => void,
): void {
  if (!Notification.isSupported()) return;
  const notice = new Notification({
    title: plainText(title, LONGEST_TITLE),
    body: escaped(plainText(body, LONGEST_BODY)),
  });
  shownNotices.add(notice);
  notice.once('click', onClick);
  for (const end of ['click', 'close'] as const) {
    notice.once(end as 'click', () => shownNotices.delete(notice));
  }
  notice.show();
}
