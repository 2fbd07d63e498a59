// Words about newer versions of the app itself.

export const updatesText = {
  title: 'Updates',
  byItself: 'Update automatically',
  byItselfHelp:
    'Looks for a newer version a few times a day, downloads it, and uses it once Banyan is quit and started again.',
  version: (version: string) => `Banyan ${version}`,
  check: 'Look for a newer version',
  checkAgain: 'Look again',
  restart: 'Restart to update',
  ready: (version: string) => `Restart to update to ${version}`,
  progress: 'Download of the newer version',
};
