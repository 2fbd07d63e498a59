// Words about using a service from other programs.
export const waysText = {
  ways: 'Ways to use it',
  copy: (name: string) => `Copy ${name.toLowerCase()}`,
  closed: (isShown: boolean) =>
    isShown
      ? 'Works as soon as you connect.'
      : 'Connect, and the command to use it with appears here.',
  sshEntry: 'Add to my SSH config',
  sshEntryOff: (hosts: string, file: string) =>
    `For “Host ${hosts}”. Adds one Include line at the top of ${file}; switching off takes it out again.`,
  sshEntryOn: (hosts: string, file: string) =>
    `“Host ${hosts}” is included in ${file}. It needs no Connect, only that you are signed in.`,
  cluster: 'Add to my Kubernetes clusters',
  clusterOff: (name: string, file: string) =>
    `Writes “${name}” into ${file}, a file of its own beside your kubeconfig.`,
  clusterOn: (name: string, file: string) =>
    `“${name}” is in ${file}. It says the way, not who you are: that is one of your users.`,
  openDesktop: 'Open remote desktop',
  saveRdp: 'Save as .rdp file',
  savedAs: (file: string) => `Saved as ${file}`,
  sshCertificates:
    'Your administrator has set this service up for SSH certificates, which Banyan does not get yet. Log in there with your own key or password.',
};
