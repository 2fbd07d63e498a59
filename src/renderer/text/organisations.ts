// Words of several organisations on one device.
export const organisationsText = {
  /** Begins with what is seen of it. */
  switcher: (active: string, sub = '') => `${`${active} ${sub}`.trim()}. Organisations`,
  switching: 'Switching…',
  disconnects: (connected: number) =>
    connected === 1
      ? 'Switching disconnects 1 service'
      : `Switching disconnects ${connected} services`,
  add: 'Add an organisation',
  addTitle: 'Add an organisation',
  backTo: (active: string) => `Back to ${active}`,
  another: 'Use another organisation',
  known: 'This device is registered already:',
  goOnWith: (name: string) => `Go on with ${name}`,
  active: (name: string) => `${name} is the active organisation`,
  problemTitle: (to: string) => `Banyan did not switch to ${to}`,
  problemHelp: 'Nothing has changed: everything is as it was before.',
};
