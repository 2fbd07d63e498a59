// banyan:// links and second starts. Links are shown for a yes, never acted upon here.
import { app } from 'electron';

export const linkIn = (argv: readonly string[]): string | undefined =>
  argv.find((argument) => /^banyan:\/\//i.test(argument));

type Show = (link: string | undefined) => void;

export interface Starts {
  /** As a second start without a link does. */
  show(): void;
  showWith(show: Show): void;
  /** Before that, by a person who waits for a window. */
  wereSeveral(): boolean;
}

/** Before Electron is ready: macOS hands over the link of the first start earlier than anybody can show it. */
export function listenForStarts(): Starts {
  let shower: Show | null = null;
  /** The first start's own, or that of a later one: either has to be shown. */
  let early = linkIn(process.argv);
  let wereSeveral = false;
  const show: Show = (link) => {
    if (shower) return shower(link);
    early = link ?? early;
    wereSeveral = true;
  };
  app.on('second-instance', (_event, argv) => show(linkIn(argv)));
  // macOS tells it of the first start, too.
  app.on('activate', () => shower?.(undefined));
  app.on('open-url', (event, url) => {
    event.preventDefault();
    show(linkIn([url]));
  });
  // Only an installed app may claim the scheme: a build in some folder would take it away from the installed one.
  if (app.isPackaged) app.setAsDefaultProtocolClient('banyan');
  return {
    show: () => show(undefined),
    wereSeveral: () => wereSeveral,
    showWith(show) {
      shower = show;
      show(early);
    },
  };
}
