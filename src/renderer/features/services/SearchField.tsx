// Narrows the list while typing; Esc empties it. Beside it is the way to the palette, with its keys.
import { Search, X } from 'lucide-react';
import { type KeyboardEvent, useRef } from 'react';
import { paletteText } from '../../text/palette.ts';
import { servicesText } from '../../text/services.ts';
import { useSetView, useTruth, useView } from '../../window-context.tsx';

export function SearchField({
  onKeyDown,
}: {
  onKeyDown: (event: KeyboardEvent<HTMLElement>) => void;
}) {
  const query = useView((view) => view.query);
  const mac = useTruth(({ app }) => app.platform === 'darwin');
  const setView = useSetView();
  const field = useRef<HTMLInputElement>(null);

  return (
    <div className="search">
      <Search size={15} aria-hidden />
      <input
        ref={field}
        type="text"
        role="searchbox"
        aria-label={servicesText.search}
        placeholder={servicesText.search}
        value={query}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => setView({ query: event.target.value })}
        onKeyDown={(event) => {
          if (event.key === 'Escape' && query !== '') {
            event.preventDefault();
            setView({ query: '' });
          }
          onKeyDown(event);
        }}
      />
      {query === '' ? (
        <button
          type="button"
          className="search-palette"
          aria-label={paletteText.open(mac ? '⌘K' : 'Ctrl K')}
          aria-keyshortcuts={mac ? 'Meta+K' : 'Control+K'}
          onClick={() => setView({ palette: true })}
        >
          <kbd>{mac ? '⌘K' : 'Ctrl K'}</kbd>
        </button>
      ) : (
        <button
          type="button"
          className="search-clear"
          aria-label={servicesText.clearSearch}
          onClick={() => {
            setView({ query: '' });
            field.current?.focus();
          }}
        >
          <X size={14} aria-hidden />
        </button>
      )}
    </div>
  );
}
