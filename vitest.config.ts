import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { SkipReporter } from './test/support/skip-reporter.ts';

/** Folders under test/; each is a project, so that `npm run check` can run the fast ones alone. */
const project = (
  name: string,
  options: { timeoutMs: number; serial?: boolean; pool?: 'threads' | 'forks' },
) => ({
  extends: true as const,
  test: {
    name,
    include: [`test/${name}/**/*.test.{ts,tsx}`],
    testTimeout: options.timeoutMs,
    hookTimeout: Math.max(options.timeoutMs, 30_000),
    pool: options.pool ?? 'forks',
    ...(options.serial && { fileParallelism: false }),
  },
});

export default defineConfig({
  test: {
    // Most tests wait for sockets and short lives rather than compute: on two cores one at a time took twice as long.
    maxWorkers: Math.max(3, availableParallelism() - 1),
    reporters: ['default', new SkipReporter()],
    // A proxy of the machine must not swallow loopback traffic, and nothing may reach the person's own folder.
    env: {
      NO_PROXY: '127.0.0.1,::1,localhost,.localhost',
      BANYAN_HOME: '/nonexistent/banyan-test',
    },
    projects: [
      // Threads start faster; what loads native code or starts programs stays in processes.
      project('unit', { timeoutMs: 20_000, pool: 'threads' }),
      project('contract', { timeoutMs: 20_000 }),
      project('integration', { timeoutMs: 30_000 }),
      project('security', { timeoutMs: 30_000 }),
      project('e2e', { timeoutMs: 90_000, serial: true }),
    ],
  },
});
