// Sentences for when the client behind the window cannot be heard.

export const transportMessages = {
  noAnswer: 'Banyan does not answer.',
  tabGone: 'This tab is no longer connected.',
  strangeAnswer: 'Banyan gave an answer this window does not understand.',
};

export const goneText = {
  title: 'This tab is no longer connected',
  body: 'Banyan was restarted, or this link was used before. Your connections are not affected by this tab.',
  how: 'Open a new tab with this command in a terminal:',
  command: 'banyan ui',
};

export const linkText = {
  interrupted: 'Banyan does not answer. Trying again…',
  opening: 'Opening Banyan…',
};
