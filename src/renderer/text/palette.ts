// Words of the palette.
export const paletteText = {
  title: 'Find and do',
  field: 'Services and commands',
  results: 'Found',
  placeholder: 'Find a service or action',
  groups: { services: 'Services', actions: 'Actions' },
  nothing: 'Nothing is called that.',
  does: { connect: 'Connect', open: 'Open', disconnect: 'Disconnect', details: 'Details' },
  actions: {
    services: 'Go to services',
    activity: 'Go to activity',
    diagnostics: 'Go to diagnostics',
    device: 'Go to this device',
    settings: 'Go to settings',
    refresh: 'Reload services',
    'sign-in': 'Sign in',
    'sign-out': 'Sign out…',
    'check-updates': 'Look for a newer version',
    'restart-to-update': 'Restart to update',
  },
  autoConnect: (name: string, isOn: boolean) =>
    isOn ? `Do not connect ${name} automatically` : `Connect ${name} automatically`,
  autoConnectHint: (isOn: boolean) =>
    isOn ? 'Now: connects by itself when you sign in' : 'From the next sign-in',
  open: 'Commands',
};
