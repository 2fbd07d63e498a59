// The audit when the disk is full: nothing is lost without a trace, and it goes on as soon as there is room.
import { appendFileSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createRecordChange } from '../../../src/edge/administration/record-change.ts';
import { type Audit, type AuditLine, openAudit } from '../../../src/edge/audit/audit.ts';
import { tempDir } from '../../support/temp-dir.ts';

function opened(file: string): { audit: Audit; logged: unknown[] } {
  const logged: unknown[] = [];
  const audit = openAudit(file, (...said) => logged.push(said));
  onTestFinished(() => audit.close());
  return { audit, logged };
}
const entry = (correlation_id: string) =>
  ({ event: 'connection', correlation_id, allowed: true }) as const;
const linesOf = (file: string): AuditLine[] =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as AuditLine);

// Every write to this device fails as on a full disk; macOS and Windows have none.
test.skipIf(process.platform !== 'linux')(
  'goes on when the disk has room again, and says how many entries it has lost',
  async () => {
    const file = path.join(tempDir(), 'audit.jsonl');
    symlinkSync('/dev/full', file);
    const { audit, logged } = opened(file);
    const told: string[] = [];
    audit.on(({ event }) => told.push(event));
    for (const id of ['1', '2']) {
      audit.write(entry(id));
      await audit.written();
    }
    expect(logged).toMatchObject([
      ['error', 'audit cannot be written: an entry is lost', { id: '1', lost: 1 }],
      ['error', 'audit cannot be written: an entry is lost', { id: '2', lost: 2 }],
    ]);
    expect(JSON.stringify(logged)).toContain('ENOSPC');

    rmSync(file);
    for (const id of ['3', '4']) audit.write(entry(id));
    await audit.written();
    expect(linesOf(file)).toMatchObject([
      { event: 'entries-lost', lost: 2, allowed: false },
      { event: 'connection', correlation_id: '3' },
      { event: 'connection', correlation_id: '4' },
    ]);
    expect(told.filter((event) => event === 'entries-lost')).toHaveLength(1);
    expect(await audit.last(10, ({ allowed }) => !allowed)).toHaveLength(1);
  },
);

test('a change is in the file before it is answered', async () => {
  const file = path.join(tempDir(), 'audit.jsonl');
  const { audit } = opened(file);
  await createRecordChange(audit)({ action: 'user.add', subject: 'ann@example.com', by: 'test' });
  expect(linesOf(file)).toMatchObject([{ event: 'change', subject: 'ann@example.com' }]);
});

test('a line that was cut short swallows nothing, and many at once keep their order', async () => {
  const file = path.join(tempDir(), 'audit.jsonl');
  appendFileSync(file, '{"at":"2026');
  const { audit } = opened(file);
  const ids = Array.from({ length: 200 }, (_, index) => String(index));
  for (const id of ids) audit.write(entry(id));
  const found = await audit.last(1_000, () => true);
  expect(found.map(({ correlation_id }) => correlation_id)).toEqual(ids);
});

test('goes on in a new file where the old one was renamed', async () => {
  const file = path.join(tempDir(), 'audit.jsonl');
  const { audit } = opened(file);
  audit.write(entry('1'));
  await audit.written();
  renameSync(file, `${file}.1`);
  audit.write(entry('2')); // belongs to the file that is open at that time
  await audit.reopen();
  audit.write(entry('3'));
  await audit.written();
  const ids = (of: string) => linesOf(of).map(({ correlation_id: id }) => id);
  expect([ids(`${file}.1`), ids(file)]).toEqual([['1', '2'], ['3']]);
});
