// Words for a computer that its organisation has set up.

export const managedText = {
  title: 'Setting up this computer',
  lead: (host: string) =>
    `Your organisation has prepared Banyan here: it registers this computer with ${host} by itself.`,
  working: 'Making a key and asking for a certificate. There is nothing for you to do.',
  waiting: (time: string) => `Banyan tries again by itself at ${time}.`,
  refusedTitle: 'This computer could not be set up',
  refusedLead: (host: string) =>
    `Your organisation has prepared Banyan here, and ${host} did not register this computer. Your administrator can put it right; Banyan tries again at its next start.`,
  held: 'Your organisation has set up this computer, so you cannot leave it here. Ask your administrator.',
  oneOnly: 'Your organisation has set up this computer for one organisation only.',
  tryNow: 'Try again now',
  withInvite: 'Use an invite instead',
  back: 'Back to the setup of your organisation',
};
