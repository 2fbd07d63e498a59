// Called by electron-builder when an app is signed: has Apple notarise it, where the release has what that needs. Without, the
// app starts only after a person's yes in the system's settings, and says so here.
import { createRequire } from 'node:module';
import path from 'node:path';

export async function afterSign({ appOutDir, electronPlatformName, packager }) {
  if (electronPlatformName !== 'darwin') return;
  const { APPLE_API_KEY, APPLE_API_KEY_ID, APPLE_API_ISSUER } = process.env;
  if (!APPLE_API_KEY || !APPLE_API_KEY_ID || !APPLE_API_ISSUER) {
    console.warn(
      'not notarised: APPLE_API_KEY, APPLE_API_KEY_ID and APPLE_API_ISSUER are not all set',
    );
    return;
  }
  // A dependency of electron-builder, of the version that it was made with.
  const builder = createRequire(
    createRequire(import.meta.url).resolve('electron-builder/package.json'),
  );
  const library = createRequire(builder.resolve('app-builder-lib/package.json'));
  const { notarize } = await import(library.resolve('@electron/notarize'));
  await notarize({
    appPath: path.join(appOutDir, `${packager.appInfo.productFilename}.app`),
    appleApiKey: APPLE_API_KEY,
    appleApiKeyId: APPLE_API_KEY_ID,
    appleApiIssuer: APPLE_API_ISSUER,
  });
}
