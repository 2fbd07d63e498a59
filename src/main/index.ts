// Entry of the desktop app: what must happen before anything else, then compose().
import { app, dialog } from 'electron';
import { ERRORS, explain, toWireError } from '../shared/errors.ts';
import { defaultHome } from './client/settings/layout.ts';
import { compose } from './compose.ts';
import { registerAppScheme } from './desktop/app-scheme.ts';
import { listenForStarts } from './desktop/links.ts';
import { useProfileFolder } from './desktop/profile-folder.ts';

const home = defaultHome();
useProfileFolder(home);
app.enableSandbox();
registerAppScheme();
const starts = listenForStarts();

if (app.requestSingleInstanceLock()) {
  // Not a top-level await: Electron is ready only after this file has been evaluated (electron/electron#40719).
  compose(home, starts).catch(async (error: unknown) => {
    const wire = toWireError(error);
    await app.whenReady();
    dialog.showErrorBox(ERRORS[wire.code].title, explain(wire));
    app.exit(ERRORS[wire.code].exit);
  });
} else {
  // The app that runs has been told, and comes to the front.
  app.quit();
}
