// How it stands with newer versions, as people read it: in the window and in the terminal alike.
import { exhaustive } from '../exhaustive.ts';
import type { UpdateHindrance, Updates } from './updates.ts';

const PERCENT = 100;

/** What is so, in one sentence. `time`: of the last look. */
export function updatesHelp(updates: Updates, byItself: boolean, time: string): string {
  switch (updates.status) {
    case 'off':
      return updates.because === 'managed'
        ? `Updates are up to ${updates.by}. Banyan looks for none by itself.`
        : HINDRANCES[updates.because];
    case 'idle':
      return byItself ? 'Looked for soon after the start.' : 'Not looked for yet.';
    case 'checking':
      return 'Looking for a newer version…';
    case 'none':
      return `This is the newest version. Looked at ${time}.`;
    case 'downloading':
      return `${updates.version} is being downloaded: ${Math.floor(updates.share * PERCENT)} %.`;
    case 'ready':
      return byItself
        ? `${updates.version} is ready. It is used from the next start, or from a restart now.`
        : `${updates.version} is ready. It is used after a restart from here.`;
    case 'failed':
      return '';
    default:
      return exhaustive(updates);
  }
}

const HINDRANCES: Record<UpdateHindrance, string> = {
  'not-the-app':
    'Banyan runs by its command here, not as the app: it is updated the way it was installed.',
  unpackaged: 'This Banyan runs from a build folder: build a newer one there.',
  'no-feed':
    'This Banyan was built without a place to ask for newer versions. Install a newer one over it.',
  deb: 'Installed as a Debian package, which your system replaces: sudo apt install ./banyan-app_VERSION_amd64.deb, or with your other updates.',
  rpm: 'Installed as an RPM package, which your system replaces: sudo dnf upgrade ./banyan-app-VERSION.x86_64.rpm, or with your other updates.',
  msi: 'Installed for everybody by an MSI package: whoever looks after this computer installs newer ones.',
  folder: 'This Banyan was unpacked into a folder: unpack a newer one there.',
  'read-only':
    'You may not change the file that Banyan runs from. Put it where you may write, or let its owner replace it.',
};
