// What a person looked for, or opened, among the services of one organisation means nothing in another, however it became
// the active one.
import { useLayoutEffect, useRef } from 'react';
import { freshPages } from '../../stores/view.ts';
import { useSetView, useTruth } from '../../window-context.tsx';

export function useFreshPages(): void {
  const organisation = useTruth(({ slices: { device } }) =>
    device.status === 'registered' || device.status === 'revoked' ? device.organisation.id : null,
  );
  const setView = useSetView();
  const before = useRef(organisation);
  // Before anything of it is seen under the name of the other one.
  useLayoutEffect(() => {
    if (before.current !== organisation) setView({ ...freshPages, adding: false });
    before.current = organisation;
  }, [organisation, setView]);
}
