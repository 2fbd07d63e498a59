// A demo edge on free ports in a folder of its own.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DemoEdge, type DemoOptions, startDemoEdge } from '../../src/edge/demo.ts';

export interface TestEdge extends DemoEdge {
  data: string;
  /** Levels and messages of what the edge has logged. */
  logged: string[];
}

export async function startEdge(options: Partial<DemoOptions> = {}): Promise<TestEdge> {
  const data = options.data ?? (await mkdtemp(join(tmpdir(), 'banyan-edge-test-')));
  const logged: string[] = [];
  const demo = await startDemoEdge({
    freePorts: true,
    accessTierPort: 0,
    log: (level, message, fields) => {
      logged.push(`${level} ${message} ${JSON.stringify(fields ?? {})}`);
    },
    ...options,
    data,
  });
  return {
    ...demo,
    data,
    logged,
    async stop(drainMs = 0) {
      await demo.stop(drainMs);
      if (options.data === undefined) await rm(data, { recursive: true, force: true });
    },
  };
}
