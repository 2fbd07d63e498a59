// Words about using a service from other programs.
import type { ClientProgram } from '../../shared/model/client-program.ts';

export const waysText = {
  ways: 'Ways to use it',
  copy: (name: string) => `Copy ${name.toLowerCase()}`,
  closed: (isShown: boolean) =>
    isShown
      ? 'Works as soon as you connect.'
      : 'Connect, and the command to use it with appears here.',
  forPowerShell: 'Commands are written for PowerShell.',
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
  launch: {
    ssh: 'Open in terminal',
    psql: 'Open psql',
    mysql: 'Open mysql',
    'redis-cli': 'Open redis-cli',
    dbeaver: 'Open DBeaver',
    chromium: 'Open browser',
    firefox: 'Open Firefox',
    kubectl: 'Open terminal',
  } satisfies Record<ClientProgram, string>,
  launchedBrowser: (hasDomains: boolean) =>
    `With a profile of its own: there ${hasDomains ? 'what your administrator has listed goes' : 'every page comes'} through this collection. Your own browser stays as it is.`,
  launchedTerminal: (hasCluster: boolean) =>
    hasCluster
      ? 'In it, KUBECONFIG names your kubeconfig and that of Banyan. Other terminals stay as they are.'
      : 'In it, https_proxy leads to the cluster. Other terminals stay as they are.',
  openDesktop: 'Open remote desktop',
  saveRdp: 'Save as .rdp file',
  savedAs: (file: string) => `Saved as ${file}`,
  sshCertificates:
    'This server knows you by an SSH certificate, which Banyan gets when you sign in. The entry and the commands here use it.',
};
