// One folder, one client: from another session of the same person, and by another name of the folder.
import { existsSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { reachClient, startOwnClient } from '../../src/cli/reach-client.ts';
import { bindControlSocket } from '../../src/main/ipc/control-server.ts';
import { startClient } from '../support/start-client.ts';
import { startEdge } from '../support/start-edge.ts';
import { tempDir } from '../support/temp-dir.ts';

describe('a client whose registration lives in its memory', () => {
  it('is the one that every session and every name of its folder reaches', async () => {
    vi.stubEnv('XDG_RUNTIME_DIR', tempDir());
    onTestFinished(() => void vi.unstubAllEnvs());
    const edge = await startEdge();
    onTestFinished(() => edge.stop());
    const running = await startClient();
    onTestFinished(() => running.stop());
    const control = await bindControlSocket(running.home, running.log);
    onTestFinished(() => control.stop());
    control.serve(running.client);
    await running.register(await edge.edge.createInvite(), 'memory');
    await running.signIn();

    const alias = path.join(tempDir(), 'alias');
    symlinkSync(running.home, alias);
    for (const home of [running.home, alias]) {
      for (const runtime of [tempDir(), '']) {
        vi.stubEnv('XDG_RUNTIME_DIR', runtime);
        const reached = await reachClient(home);
        const { slices } = await reached.call('app.snapshot', {});
        await reached.close();
        expect(reached.isOwn).toBe(false);
        expect(slices.device).toMatchObject({ status: 'registered', secrets: 'memory' });
        await expect(startOwnClient(home)).rejects.toMatchObject({
          code: 'client/already-running',
        });
      }
    }
    expect(running.slices().session.status).toBe('signed-in');
    expect(existsSync(path.join(running.home, 'login-cert.pem'))).toBe(true);
  });
});
