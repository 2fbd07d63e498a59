// Called by electron-builder when the app is packed and not signed yet: adds the terminal programs and the licences.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { nodeFor, putPrograms } from './lib/programs-in-package.mjs';
import { thirdPartyNotices } from './lib/third-party.mjs';

/** Numbers of electron-builder's `Arch`. */
const ARCHES = { 0: 'ia32', 1: 'x64', 2: 'arm', 3: 'arm64' };

export async function afterPack({ appOutDir, arch, electronPlatformName: platform, packager }) {
  const archName = ARCHES[arch];
  const resources = packager.getResourcesDir(appOutDir);
  const node = nodeFor(platform, archName);
  await putPrograms(resources, { platform, arch: archName, node });
  await writeFile(path.join(resources, 'THIRD-PARTY-NOTICES.txt'), thirdPartyNotices(node));
}
