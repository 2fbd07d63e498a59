// Sentences for when the client behind the window cannot be heard.

export const transportMessages = {
  noAnswer: 'Banyan does not answer.',
  tabGone: 'This tab is no longer connected.',
  strangeAnswer: 'Banyan gave an answer this window does not understand.',
};

export const goneText = {
  gone: {
    title: 'This tab is no longer connected',
    body: 'Banyan was started again, or gave this tab up. Your connections do not depend on this tab.',
  },
  used: {
    title: 'This link has been used',
    body: 'Each link opens one tab, once.',
  },
  how: 'Go back to the tab that is open, or to the terminal where Banyan runs: it prints a new link when you press Enter there.',
};

export const stoppedText = {
  title: 'Banyan has stopped',
  body: 'Nothing is connected through it now. Start it again where you started it; this page comes back by itself when it runs, or open the new link it prints.',
};

export const linkText = {
  interrupted: 'Banyan does not answer. Trying again…',
  opening: 'Opening Banyan…',
};
