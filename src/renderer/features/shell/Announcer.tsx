// The polite live region: changes that happen anywhere in the list are heard without looking for them.
import { useEffect, useState } from 'react';
import { isSignedIn } from '../../../shared/model/session.ts';
import { useMirror } from '../../window-context.tsx';
import { announcements } from './announcements.ts';

export function Announcer() {
  const { store } = useMirror();
  const [text, setText] = useState('');
  useEffect(
    () =>
      store.subscribe(({ snapshot }, { snapshot: before }) => {
        if (!snapshot || !before) return;
        // Nothing of a session that has ended is left to be read.
        if (!isSignedIn(snapshot.slices.session) && isSignedIn(before.slices.session)) setText('');
        if (snapshot.slices.session.status === 'signed-out') return;
        const sentences = announcements(before.slices, snapshot.slices);
        if (sentences.length > 0) setText(sentences.join('. '));
      }),
    [store],
  );
  return (
    <div className="unseen" aria-live="polite">
      {text}
    </div>
  );
}
