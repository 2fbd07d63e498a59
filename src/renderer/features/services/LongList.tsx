// Hundreds or thousands of rows: only those in sight, and the one that has the focus, are in the page.
import { defaultRangeExtractor, type Range, useVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { Group, Row } from './service-view.ts';
import { at, type Place } from './place.ts';

type Entry =
  | { key: string; group: Group }
  | { key: string; row: Row; position: number; of: number; edge: string };

/** Pixels, until one has been measured. */
const HEAD_HEIGHT = 48;
const ROW_HEIGHT = 56;

/** Rows of one group look like one card. */
const edgeOf = (index: number, length: number): string =>
  `${index === 0 ? ' first' : ''}${index === length - 1 ? ' last' : ''}`;

const entriesOf = (groups: readonly Group[]): Entry[] =>
  groups.flatMap((group) => [
    { key: group.group, group },
    ...group.rows.map((row, index) => ({
      key: row.service.id,
      row,
      position: index + 1,
      of: group.rows.length,
      edge: edgeOf(index, group.rows.length),
    })),
  ]);

export function LongList(props: {
  groups: readonly Group[];
  head: (group: Group) => ReactNode;
  row: (row: Row, place: Place) => ReactNode;
}) {
  const { groups } = props;
  const entries = useMemo(() => entriesOf(groups), [groups]);
  const list = useRef<HTMLUListElement>(null);
  const [top, setTop] = useState(0);
  const [focused, setFocused] = useState<string | null>(null);
  // oxlint-disable-next-line react/incompatible-library -- nothing here is memoised
  const virtualizer = useVirtualizer({
    count: entries.length,
    getScrollElement: () => scrollerOf(list.current),
    estimateSize: (index) => (isHead(entries[index]) ? HEAD_HEIGHT : ROW_HEIGHT),
    getItemKey: (index) => entries[index]?.key ?? index,
    scrollMargin: top,
    // Few: in a fast scroll all of them are new in every frame.
    overscan: 2,
    rangeExtractor: (range) => withFocused(range, entries, focused),
  });
  const { isScrolling } = virtualizer;
  // Banners and filters above come and go, but not between two frames of scrolling, where asking would lay the page out twice.
  // oxlint-disable-next-line react-hooks/exhaustive-deps -- it settles: the same number again renders nothing
  useLayoutEffect(() => {
    if (!isScrolling) setTop(topOf(list.current));
  });
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- hears of the focus, takes no input
    <ul
      ref={list}
      className="long-list"
      style={{ height: virtualizer.getTotalSize() }}
      onFocus={({ target }) =>
        setFocused(target.closest<HTMLElement>('[data-service]')?.dataset['service'] ?? null)
      }
    >
      {virtualizer.getVirtualItems().map(({ index, key, start }) => {
        const entry = entries[index];
        if (!entry) return null;
        const { measureElement: measure } = virtualizer;
        const offset = start - top;
        return isHead(entry) ? (
          <li key={key} className="long-head" ref={measure} data-index={index} style={at(offset)}>
            {props.head(entry.group)}
          </li>
        ) : (
          props.row(entry.row, {
            measure,
            index,
            offset,
            edge: entry.edge,
            position: entry.position,
            of: entry.of,
          })
        );
      })}
    </ul>
  );
}

const scrollerOf = (list: HTMLElement | null): HTMLElement | null =>
  list?.closest<HTMLElement>('.services-main') ?? null;

/** Within what scrolls. */
function topOf(list: HTMLElement | null): number {
  const scroller = scrollerOf(list);
  if (!list || !scroller) return 0;
  const from = scroller.getBoundingClientRect().top;
  return Math.round(list.getBoundingClientRect().top - from + scroller.scrollTop);
}

const isHead = (entry: Entry | undefined): entry is Extract<Entry, { group: Group }> =>
  entry !== undefined && 'group' in entry;

/** Scrolled away, it would take the focus with it. */
function withFocused(range: Range, entries: readonly Entry[], focused: string | null): number[] {
  const shown = defaultRangeExtractor(range);
  const index = focused === null ? -1 : entries.findIndex(({ key }) => key === focused);
  return index < 0 || shown.includes(index) ? shown : [...shown, index].sort((a, b) => a - b);
}
