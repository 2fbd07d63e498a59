// banyan:// links and second starts. Links are shown for a yes, never acted upon here.
import { app } from 'electron';

export const linkIn = (argv: readonly string[]): string | undefined =>
  argv.find((argument) => /^banyan:\/\//i.test(argument));

type Show = (link: string | undefined) => void;

export interface Starts {
  /** As a second start without a link does. */
  show(): void;
  showWith(show: Show): void;
}

/** Before Electron is ready: macOS hands over the link of the first start earlier than anybody can show it. */
export function listenForStarts(): Starts {
  let shower: Show | null = null;
  let early: string | undefined;
  const show: Show = (link) => {
    if (shower) shower(link);
    else early = link ?? early;
  };
  app.on('second-instance', (_event, argv) => show(linkIn(argv)));
  app.on('activate', () => show(undefined));
  app.on('open-url', (event, url) => {
    event.preventDefault();
    show(linkIn([url]));
  });
  // Only an installed app may claim the scheme: a build in some folder would take it away from the installed one.
  if (app.isPackaged) app.setAsDefaultProtocolClient('banyan');
  return {
    show: () => show(undefined),
    showWith(show) {
      shower = show;
      show(early);
    },
  };
}
