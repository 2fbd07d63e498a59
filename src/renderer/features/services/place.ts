// Where a row stands in a list that places its rows itself. Flat, so that a row that has not moved is not drawn again.
import type { CSSProperties } from 'react';

export interface Place {
  index: number;
  /** Pixels from the top of the list. */
  offset: number;
  /** Class names of the upper and lower end of a card. */
  edge: string;
  /** Within its group, from 1. */
  position: number;
  of: number;
  measure: (row: HTMLElement | null) => void;
}

export const at = (offset: number): CSSProperties => ({ transform: `translateY(${offset}px)` });
