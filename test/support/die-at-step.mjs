// Runs `module.js` in this process and dies by SIGKILL right before its nth step on the file system, or, where that step
// writes content, in the middle of it. Usage: node die-at-step.mjs <module> <step> <argument…>; prints `done` when the work ends first.
import { syncBuiltinESMExports } from 'node:module';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [module, step, ...args] = process.argv.slice(2);
let left = Number(step);

const dieAtStep = (torn) => {
  left -= 1;
  if (left > 0) return;
  torn?.();
  process.kill(process.pid, 'SIGKILL');
};
const counted =
  (call) =>
  async (...given) => {
    dieAtStep();
    return call(...given);
  };
const { open } = fs.promises;
for (const name of ['rename', 'symlink', 'mkdir', 'rm', 'rmdir', 'unlink', 'chmod']) {
  fs.promises[name] = counted(fs.promises[name].bind(fs.promises));
}
fs.promises.open = async (file, ...rest) => {
  dieAtStep();
  const handle = await open(file, ...rest);
  const writeFile = handle.writeFile.bind(handle);
  handle.writeFile = async (content) => {
    const bytes = Buffer.from(content);
    dieAtStep(() => fs.writeFileSync(file, bytes.subarray(0, bytes.length / 2)));
    return writeFile(bytes);
  };
  for (const name of ['sync', 'close']) handle[name] = counted(handle[name].bind(handle));
  return handle;
};
syncBuiltinESMExports();

const { run } = await import(pathToFileURL(path.resolve(module)));
await run(...args);
process.stdout.write('done');
