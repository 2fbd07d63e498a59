import { describe, expect, it } from 'vitest';
import { createRecentConnections } from '../../../../../src/main/client/access/recent-connections.ts';
import type { ConnectionEnd } from '../../../../../src/proxy/index.ts';

function aBoard() {
  let now = 1_000;
  const board = createRecentConnections({ now: () => now });
  const opened = (connection: number) =>
    board.opened({ type: 'connection-opened', tunnel: 'echo', connection, target: 'db:5432' });
  const closed = (connection: number, ended: ConnectionEnd = 'finished') =>
    board.closed({
      type: 'connection-closed',
      tunnel: 'echo',
      connection,
      target: 'db:5432',
      startedAt: 1_000,
      bytesSent: 5,
      bytesReceived: 7,
      firstByteMs: 1,
      durationMs: 40,
      ended,
    });
  return { board, opened, closed, later: (ms: number) => void (now += ms) };
}

describe('recent connections', () => {
  it('are listed while they run, and then with what became of them, the newest first', () => {
    const { board, opened, closed } = aBoard();
    opened(1);
    opened(2);
    closed(1, 'reset');
    const { connections } = board.read(0);
    expect(connections).toMatchObject([
      { id: 2, outcome: 'running', durationMs: null, target: 'db:5432', service: 'echo' },
      { id: 1, outcome: 'reset', bytesSent: 5, bytesReceived: 7, durationMs: 40 },
    ]);
  });

  it('are told again only when something has changed', () => {
    const { board, opened } = aBoard();
    const { revision } = board.read(0);
    expect(board.read(revision).connections).toBeNull();
    opened(1);
    expect(board.read(revision).connections).toHaveLength(1);
  });

  it('say why one was not allowed, and which were lost with the engine', () => {
    const { board, opened, later } = aBoard();
    opened(1);
    later(300);
    board.lost();
    board.denied(
      { tunnel: 'echo', target: 'db:22' },
      { code: 'tunnel/denied', message: 'Only 5432.' },
    );
    expect(board.read(0).connections).toMatchObject([
      { outcome: 'denied', target: 'db:22', because: { message: 'Only 5432.' } },
      { outcome: 'closed', durationMs: 300 },
    ]);
  });

  it('are one each, also where a refusal looked like an end at first', () => {
    const { board, opened, closed } = aBoard();
    opened(1);
    opened(2);
    closed(1);
    closed(2);
    const { revision } = board.read(0);
    const because = { code: 'tunnel/target-unreachable', message: 'No answer.' } as const;
    board.denied({ tunnel: 'echo', target: 'db:5432', connection: 1 }, because);
    expect(board.read(revision).connections).toMatchObject([
      { id: 2, outcome: 'finished' },
      { id: 1, outcome: 'denied', because, bytesSent: 5 },
    ]);
  });

  it('are bounded, those that run as well', () => {
    const { board, opened, closed } = aBoard();
    for (let each = 1; each <= 3_000; each += 1) closed(each);
    for (let each = 1; each <= 3_000; each += 1) opened(each);
    expect(board.read(0).connections).toHaveLength(500);
  });
});
