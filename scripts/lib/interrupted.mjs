// When to stop: somebody says so, or whoever started this is gone. npm, told to end, ends the shell between it and us and not
// what runs in that shell.
const LOOK_EVERY_MS = 250;

/** Calls `act` each time somebody asks. @param {() => void} act */
export function onInterrupted(act) {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, act);
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    act();
  }, LOOK_EVERY_MS);
  timer.unref();
}
