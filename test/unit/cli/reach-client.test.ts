// A command that is newer than the client it reaches.
import { expect, it } from 'vitest';
import { asOfOlder } from '../../../src/cli/reach-client.ts';
import { serve } from '../../../src/main/ipc/serve.ts';
import { AppError, fromWireError } from '../../../src/shared/errors.ts';
import type { Handlers } from '../../../src/shared/ipc/contract.ts';
import { recordingLog } from '../../fakes/recording-log.ts';

it('says that an older Banyan runs, where that does not know what is asked for', async () => {
  const older = serve({
    handlers: {} as unknown as Handlers,
    calls: ['app.snapshot'],
    isTrusted: () => true,
    log: recordingLog(),
  });
  const reply = await older.answer(null, 'program.kubeToken', { service: 'a.b' });
  const error = reply.ok ? null : fromWireError(reply.error);
  expect(asOfOlder(error)).toMatchObject({ code: 'client/other-version' });
});

it('leaves every other error as it is', () => {
  const error = new AppError('usage/invalid-input', 'There is no such port.');
  expect(asOfOlder(error)).toBe(error);
});
