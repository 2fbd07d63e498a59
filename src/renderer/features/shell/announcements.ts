// What changed about the tunnels, as sentences for a screen reader.
import type { Slices } from '../../../shared/ipc/contract.ts';
import { isSignedIn } from '../../../shared/model/session.ts';
import { organisationsText } from '../../text/organisations.ts';
import { announceText } from '../../text/services.ts';
import { formatHostPort } from '../../../shared/protocol/host-port.ts';

export function announcements(before: Slices, after: Slices): string[] {
  const [from, to] = [activeOf(before), activeOf(after)];
  if (to && to.id !== from?.id) return [organisationsText.active(to.name)];
  const sentences: string[] = [];
  if (isSignedIn(after.session) && !isSignedIn(before.session)) {
    sentences.push(announceText.signedIn(after.session.person.name));
  }
  if (after.session.status === 'expired' && before.session.status !== 'expired') {
    sentences.push(announceText.sessionEnded);
  }
  if (before.tunnels.states === after.tunnels.states) return sentences;
  for (const { id, friendlyName } of after.catalog.services) {
    const now = after.tunnels.states[id] ?? { status: 'closed' as const };
    const then = before.tunnels.states[id] ?? { status: 'closed' as const };
    if (now.status === 'open' && then.status === 'open') {
      if (now.trouble && !then.trouble) {
        sentences.push(announceText.lost(friendlyName, now.trouble.message));
      } else if (then.trouble && !now.trouble) {
        sentences.push(announceText.back(friendlyName));
      }
    }
    if (now.status === then.status) continue;
    switch (now.status) {
      case 'opening':
        sentences.push(announceText.opening(friendlyName));
        break;
      case 'open':
        sentences.push(announceText.open(friendlyName, formatHostPort(now.address)));
        break;
      case 'failed':
        sentences.push(announceText.failed(friendlyName, now.error.message));
        break;
      case 'closed':
        sentences.push(announceText.closed(friendlyName));
        break;
      case 'closing':
        break;
    }
  }
  return sentences;
}

const activeOf = ({ organisations }: Slices) => organisations.find(({ isActive }) => isActive);
