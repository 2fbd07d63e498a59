// Finds services while typing. Ctrl+K or Cmd+K comes here from anywhere; Esc empties it.
import { Search, X } from 'lucide-react';
import { type KeyboardEvent, useEffect, useRef } from 'react';
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

  useEffect(() => {
    const listen = (event: globalThis.KeyboardEvent): void => {
      const chord = mac ? event.metaKey : event.ctrlKey;
      if (!chord || event.key.toLowerCase() !== 'k') return;
      event.preventDefault();
      field.current?.focus();
      field.current?.select();
    };
    window.addEventListener('keydown', listen);
    return () => window.removeEventListener('keydown', listen);
  }, [mac]);

  return (
    <div className="search">
      <Search size={15} aria-hidden />
      <input
        ref={field}
        type="text"
        role="searchbox"
        aria-label={servicesText.search}
        aria-keyshortcuts={mac ? 'Meta+K' : 'Control+K'}
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
        <kbd aria-hidden>{mac ? '⌘K' : 'Ctrl K'}</kbd>
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
