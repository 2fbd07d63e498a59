// Sentences for when the client behind the window cannot be heard.

export const transportMessages = {
  noAnswer: 'Banyan does not answer.',
  tabGone: 'This tab is no longer connected.',
  tabBlocked: 'The browser has kept a new tab from opening.',
  strangeAnswer: 'Banyan gave an answer this window does not understand.',
};

export const goneText = {
  gone: {
    title: 'Banyan is not in this tab',
    body: 'It is open in another one, was started again, or gave this tab up. Your connections do not depend on this tab.',
  },
  used: {
    title: 'This link has been used',
    body: 'Each link opens one tab, once.',
  },
  how: 'Go back to the tab that is open, or to the terminal where Banyan runs: it prints a new link when you press Enter there.',
};

export const stoppedText = {
  title: 'Banyan has stopped',
  body: 'Nothing is connected through it now. Start it again where you started it, and open the link that it prints.',
};

export const linkText = {
  interrupted: 'Banyan does not answer. Trying again…',
  opening: 'Opening Banyan…',
};
