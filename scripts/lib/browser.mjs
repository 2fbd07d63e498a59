// A Chromium for the tests that drive the window: the system's, else Debian's package, else one from npm.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './prepare.mjs';
import { run, step } from './steps.mjs';

const SYSTEM = [
  process.env.BANYAN_CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

const NPM_PACKAGE = '@sparticuz/chromium@147.0.0';

/** @returns {Promise<{ path: string } | { missing: string }>} */
export async function ensureBrowser() {
  const found = SYSTEM.find((candidate) => candidate && existsSync(candidate));
  if (found) return { path: found };
  if (process.platform !== 'linux') return { missing: 'no Chrome or Chromium is installed' };
  const attempts = [];
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    try {
      await step("Installing Debian's chromium (113 MB, once)", installFromDebian);
      return { path: '/usr/bin/chromium' };
    } catch (error) {
      attempts.push(`apt-get: ${firstLine(error)}`);
    }
  }
  try {
    return { path: await step('Installing Chromium from npm (66 MB, once)', installFromNpm) };
  } catch (error) {
    attempts.push(`npm: ${firstLine(error)}`);
  }
  return { missing: `no Chromium could be installed (${attempts.join('; ')})` };
}

async function installFromDebian() {
  const options = ['-o', 'DPkg::Lock::Timeout=300', '-qq'];
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update', ...options], { env });
  await run('apt-get', ['install', '-y', '--no-install-recommends', ...options, 'chromium'], {
    env,
  });
}

/** Beside the project's packages, not among them: `npm ci` would remove it, and the lock file must not name it. */
async function installFromNpm() {
  const folder = path.join(ROOT, 'node_modules', '.banyan-browser');
  await run('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', NPM_PACKAGE]);
  const script = `import('${path.join(folder, 'node_modules/@sparticuz/chromium/build/esm/index.js')}').then(async (m) => console.log(await m.default.executablePath()))`;
  return (await run(process.execPath, ['-e', script])).trim().split('\n').at(-1);
}

const firstLine = (error) => String(error?.message ?? error).split('\n')[0];
