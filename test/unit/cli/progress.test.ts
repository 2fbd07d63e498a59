import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { withProgress } from '../../../src/cli/progress.ts';
import type { CallName, ClientApi } from '../../../src/shared/ipc/contract.ts';

/** What a terminal is told while a call takes so long. */
async function told(name: CallName, tookMs: number, isTTY = true): Promise<string> {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  let said = '';
  const stream = { isTTY, write: (text: string | Uint8Array) => (said += String(text)) !== '' };
  const call = () => new Promise((resolve) => setTimeout(resolve, tookMs));
  const client = withProgress({ call, subscribe: () => () => {} } as ClientApi, stream);
  const answer = client.call(name, {});
  await vi.advanceTimersByTimeAsync(tookMs);
  await answer;
  return said;
}

describe('a command that takes long', () => {
  it('says what it waits for, every second, and takes the line away', async () => {
    expect(await told('tunnel.open', 3_500)).toBe(
      '\rConnecting … 1 s\rConnecting … 2 s\rConnecting … 3 s\r\u001b[K',
    );
  });

  it('says nothing where it is over soon, nor into a file, nor of what is always quick', async () => {
    expect(await told('tunnel.open', 900)).toBe('');
    expect(await told('tunnel.open', 3_500, false)).toBe('');
    expect(await told('app.snapshot', 3_500)).toBe('');
  });

  it('takes the line away when it fails, too', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    let said = '';
    const stream = {
      isTTY: true,
      write: (text: string | Uint8Array) => (said += String(text)) !== '',
    };
    const fails = () =>
      new Promise<never>((_, reject) => setTimeout(() => reject(new Error('no')), 1_500));
    const client = withProgress({ call: fails, subscribe: () => () => {} } as ClientApi, stream);
    const answer = expect(client.call('catalog.refresh', {})).rejects.toThrow('no');
    await vi.advanceTimersByTimeAsync(1_500);
    await answer;
    expect(said.endsWith('\r\u001b[K')).toBe(true);
  });
});
