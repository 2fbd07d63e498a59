// Thousands of rows of which only those in sight are in the page. Scrolls by itself, by keys as well.
import { useVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useEffect, useRef } from 'react';
import './virtual-list.css';

/** Pixels from the end that still count as being there. */
const NEAR_END = 24;

export function VirtualList<Item>(props: {
  label: string;
  items: readonly Item[];
  keyOf: (item: Item) => number;
  renderRow: (item: Item) => ReactNode;
  /** Pixels, until one has been measured. */
  rowHeight: number;
  /** Who looks at the last row stays there when more come. */
  followsEnd?: boolean;
}) {
  const { items, keyOf } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(props.followsEnd ?? false);
  // oxlint-disable-next-line react/incompatible-library -- nothing here is memoised
  const virtualizer = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => props.rowHeight,
    getItemKey: (index) => {
      const item = items[index];
      return item === undefined ? index : keyOf(item);
    },
    overscan: 12,
  });
  const { length } = items;
  const last = items.at(-1);
  useEffect(() => {
    if (isAtEnd.current && length > 0) virtualizer.scrollToIndex(length - 1, { align: 'end' });
  }, [length, last, virtualizer]);
  return (
    // The region is scrolled by keys, so it takes the focus.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- hears of scrolling, takes no input
    <section
      ref={scroller}
      className="virtual-list"
      aria-label={props.label}
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- keys scroll what has the focus
      tabIndex={0}
      onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
        isAtEnd.current =
          (props.followsEnd ?? false) && scrollHeight - scrollTop - clientHeight < NEAR_END;
      }}
    >
      <ul style={{ height: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map(({ index, key, start }) => {
          const item = items[index];
          return (
            item !== undefined && (
              <li
                key={key}
                data-index={index}
                ref={virtualizer.measureElement}
                aria-posinset={index + 1}
                aria-setsize={items.length}
                style={{ transform: `translateY(${start}px)` }}
              >
                {props.renderRow(item)}
              </li>
            )
          );
        })}
      </ul>
    </section>
  );
}
