// Lists what this machine could not run, with the reason, and ends with one plain line of counts.
// A skipped test without a reason fails the run: nothing is passed over silently.
import type { Reporter, TestCase, TestModule } from 'vitest/node';

export class SkipReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0 };
    const skips = new Map<string, string[]>();
    for (const test of modules.flatMap((module) => [...module.children.allTests()])) {
      const result = test.result();
      if (result.state === 'pending') continue;
      counts[result.state] += 1;
      if (result.state !== 'skipped') continue;
      const reason = result.note ?? '';
      skips.set(reason, [...(skips.get(reason) ?? []), name(test)]);
    }
    for (const [reason, tests] of skips) {
      write(`Skipped, because ${reason || 'NO REASON WAS GIVEN (that is a failure)'}:`);
      for (const test of tests) write(`  - ${test}`);
      if (!reason) process.exitCode = 1;
    }
    write(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  }
}

const name = (test: TestCase): string => `${test.module.relativeModuleId} > ${test.fullName}`;
const write = (line: string): void => void process.stdout.write(`${line}\n`);
