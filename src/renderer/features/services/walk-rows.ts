// Arrow keys in the list: a short cut between buttons that Tab reaches as well.
import type { KeyboardEvent } from 'react';

const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };

/** Moves the focus from row to row, from the search field to the first one, and sideways into open details. */
export function walkRows(event: KeyboardEvent<HTMLElement>): void {
  const page = event.currentTarget.closest('[data-page]');
  if (event.key === 'ArrowRight' && (event.target as HTMLElement).matches('.row-open')) {
    page?.querySelector<HTMLElement>('.details')?.focus();
  }
  const step = steps[event.key];
  if (step === undefined) return;
  const rows = [...(page?.querySelectorAll<HTMLElement>('.row-open') ?? [])];
  const here = (event.target as HTMLElement).closest('.row')?.querySelector('.row-open');
  const next = rows[rows.findIndex((row) => row === here) + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
}
