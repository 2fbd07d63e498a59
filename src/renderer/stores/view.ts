// What this window shows, as far as it is nobody's business but the window's.
import { createStore, type StoreApi } from 'zustand/vanilla';

export type Page = 'services' | 'device';

export interface View {
  page: Page;
  /** Service whose details are open. */
  selected: string | null;
  query: string;
  /** True from the first step until signed in: the sign-in page then is the third step of three. */
  firstLaunch: boolean;
  /** Service whose port field should take the focus, after "Choose another port". */
  editPort: string | null;
}

export type ViewStore = StoreApi<View>;

export const createView = (): ViewStore =>
  createStore<View>(() => ({
    page: 'services',
    selected: null,
    query: '',
    firstLaunch: false,
    editPort: null,
  }));
