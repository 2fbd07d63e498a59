// Asks the client while the page is looked at, and not otherwise: nobody is told of every line and connection.
import { useEffect, useEffectEvent, useState } from 'react';
import type { LogLine, RecentConnection } from '../../../shared/model/activity.ts';
import { useVisible } from '../../ui/use-visible.ts';
import { useCall } from '../../window-context.tsx';
import { newestOf, withMore } from './log-lines.ts';

const EVERY_MS = 1_000;

/** `ask` again each second; it says whether there is more to be had at once. */
function useRepeated(ask: () => Promise<boolean>, isPaused: boolean): void {
  const next = useEffectEvent(ask);
  const rests = !useVisible() || isPaused;
  useEffect(() => {
    if (rests) return undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    const repeat = async (): Promise<void> => {
      const isMore = await next();
      if (!isOver) timer = setTimeout(() => void repeat(), isMore ? 0 : EVERY_MS);
    };
    void repeat();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [rests]);
}

export function useLog(isPaused: boolean) {
  const [lines, setLines] = useState<readonly LogLine[]>([]);
  const log = useCall('activity.log');
  useRepeated(async () => {
    const page = await log.run({ after: newestOf(lines) });
    if (!page) return false;
    setLines((held) => withMore(held, page));
    const newest = page.lines.at(-1)?.number;
    return newest !== undefined && newest < page.newest;
  }, isPaused);
  return { lines, error: log.error };
}

export function useConnections() {
  const [board, setBoard] = useState<{
    revision: number;
    connections: readonly RecentConnection[];
  }>({ revision: -1, connections: [] });
  const call = useCall('activity.connections');
  useRepeated(async () => {
    const { revision, connections } = (await call.run({ known: board.revision })) ?? {};
    if (revision !== undefined && connections) setBoard({ revision, connections });
    return false;
  }, false);
  return { connections: board.connections, error: call.error };
}
