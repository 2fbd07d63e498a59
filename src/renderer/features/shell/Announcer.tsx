// The polite live region: changes that happen anywhere in the list are heard without looking for them.
import { useEffect, useState } from 'react';
import { useMirror } from '../../window-context.tsx';
import { announcements } from './announcements.ts';

export function Announcer() {
  const { store } = useMirror();
  const [text, setText] = useState('');
  useEffect(
    () =>
      store.subscribe(({ snapshot }, { snapshot: before }) => {
        if (!snapshot || !before) return;
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
