// The first Connect opens the details by itself, where they fit beside the list: nothing else says how to go on.
import { useSetView, useView } from '../../window-context.tsx';
import { isOverTheList } from './over-the-list.ts';

export function useShowHow(service: string): () => void {
  const shown = useView((view) => view.shownHow);
  const setView = useSetView();
  return () => {
    if (!shown && !isOverTheList()) setView({ shownHow: true, selected: service, editPort: null });
  };
}
