// Whether the details lie over the list instead of beside it: as in details.css.

export const isOverTheList = (): boolean => window.matchMedia('(max-width: 860px)').matches;
