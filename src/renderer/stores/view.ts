// What this window shows, as far as it is nobody's business but the window's.
import type { ServiceType } from '../../shared/model/service.ts';
import { createStore, type StoreApi } from 'zustand/vanilla';

export const PAGES = ['services', 'activity', 'diagnostics', 'device', 'settings'] as const;
export type Page = (typeof PAGES)[number];

export const STATE_FILTERS = ['favourites', 'connected', 'failed', 'denied'] as const;
/** Starred, or in one state. */
export type StateFilter = (typeof STATE_FILTERS)[number];

/** What the list is narrowed to: both hold. */
export interface Filters {
  state: StateFilter | null;
  type: ServiceType | null;
}
export const noFilters: Filters = { state: null, type: null };

export interface View {
  page: Page;
  /** Service whose details are open. */
  selected: string | null;
  /** Whether the details have opened by themselves once, to show how to use what is connected. */
  shownHow: boolean;
  /** Times of the refused connections that a person has put away, by service. */
  putAway: Readonly<Record<string, number>>;
  query: string;
  filters: Filters;
  /** The activity page shows connections of this service only. */
  activityOf: string | null;
  /** The form for another organisation was asked for; a link with an invite opens it too. */
  adding: boolean;
  /** True from the first step until signed in: the sign-in page then is the third step of three. */
  firstLaunch: boolean;
  /** After that: where to find the app again, until it is put away. */
  findAgain: boolean;
  palette: boolean;
  /** Asks before it takes connections away. */
  signingOut: boolean;
  /** Service whose port field should take the focus, after "Choose another port". */
  editPort: string | null;
}

export type ViewStore = StoreApi<View>;

/** What belongs to the services of one organisation: gone with it. */
export const freshPages = {
  page: 'services',
  selected: null,
  putAway: {},
  query: '',
  filters: noFilters,
  activityOf: null,
  editPort: null,
} satisfies Partial<View>;

export const createView = (): ViewStore =>
  createStore<View>(() => ({
    ...freshPages,
    shownHow: false,
    adding: false,
    firstLaunch: false,
    findAgain: false,
    palette: false,
    signingOut: false,
  }));
