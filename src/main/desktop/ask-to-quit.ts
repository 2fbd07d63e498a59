// "Quit Banyan?": asked where programs would lose their connections by it.
import { dialog } from 'electron';

export async function askToQuit(connected: number, why = ''): Promise<boolean> {
  if (connected === 0) return true;
  const [what, it] =
    connected === 1 ? ['One service is', 'it'] : [`${connected} services are`, 'them'];
  const { response } = await dialog.showMessageBox({
    type: 'question',
    message: 'Quit Banyan?',
    detail: `${why}${what} connected. Programs that use ${it} lose their connections.`,
    buttons: ['Quit', 'Cancel'],
    defaultId: 0,
    cancelId: 1,
  });
  return response === 0;
}
