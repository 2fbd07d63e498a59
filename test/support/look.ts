// A computer as the test wrote it down, for posture probes.
import type { Look, Output } from '../../src/main/client/device/posture/probe.ts';

export const aLook = (
  has: {
    files?: Record<string, string>;
    lists?: Record<string, string[]>;
    run?: (program: string, args: readonly string[]) => Output | null;
    environment?: Record<string, string>;
    kernel?: string;
  } = {},
): Look => ({
  file: (path) => Promise.resolve(has.files?.[path] ?? null),
  list: (folder) => Promise.resolve(has.lists?.[folder] ?? []),
  run: (program, args) => Promise.resolve(has.run?.(program, args) ?? null),
  environment: has.environment ?? {},
  kernel: has.kernel ?? '1.0',
});
