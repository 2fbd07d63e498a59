// Makes 'electron' mean the stand-in, in this Node process, however it is asked for.
import Module, { createRequire, register } from 'node:module';

register('./hooks.mjs', import.meta.url);

// Playwright asks by require(), from the inspector; it gets the very module that the app has imported.
const { _load: load } = Module;
Object.assign(Module, {
  _load: (request, ...rest) =>
    request === 'electron' ? globalThis.standInElectron : load.call(Module, request, ...rest),
});

const { version } = createRequire(import.meta.url)('electron/package.json');
Object.defineProperty(process.versions, 'electron', { value: version });
process.type = 'browser';
