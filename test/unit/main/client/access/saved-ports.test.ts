import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { createSavedPorts } from '../../../../../src/main/client/access/saved-ports.ts';
import { recordingLog } from '../../../../fakes/recording-log.ts';
import { tempDir } from '../../../../support/temp-dir.ts';

describe('saved ports', () => {
  it('are all kept when several services choose theirs at once', async () => {
    const file = path.join(tempDir(), 'ports.json');
    const saved = createSavedPorts(recordingLog());
    await saved.use(file);
    await Promise.all([
      saved.keepChosen('one', 40_001),
      saved.keepChosen('two', 40_002),
      saved.setOverride('three', { host: '127.0.0.2', port: 9_000 }),
    ]);
    const reread = createSavedPorts(recordingLog());
    await reread.use(file);
    expect(reread.current()).toMatchObject({
      chosen: { one: 40_001, two: 40_002 },
      overrides: { three: 9_000 },
      hosts: { three: '127.0.0.2' },
    });
    await reread.setOverride('three', null);
    expect(reread.current()).toMatchObject({ overrides: {}, hosts: {} });
  });

  it('of an app that knew no addresses are read, at the usual one', async () => {
    const saved = createSavedPorts(recordingLog());
    await saved.use(
      path.join(import.meta.dirname, '../../../../fixtures/ports-without-hosts.json'),
    );
    expect(saved.current()).toEqual({
      version: 1,
      chosen: { 'echo.demo.bnn': 40123 },
      overrides: { 'api.demo.bnn': 9000 },
      hosts: {},
    });
  });
});
