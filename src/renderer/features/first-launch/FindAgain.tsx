// The end of the first launch: where the app is once its window is closed, with a picture of this system.
import { Button } from '../../ui/Button.tsx';
import { findAgainText } from '../../text/first-launch.ts';
import { useSetView, useTruth, useView } from '../../window-context.tsx';
import './find-again.css';

export function FindAgain() {
  const wanted = useView((view) => view.findAgain);
  const { desktop, platform } = useTruth(({ app }) => app);
  const setView = useSetView();
  if (!wanted || !desktop) return null;
  const place = !desktop.hasTray ? 'none' : (PLACES[platform] ?? 'panel');
  return (
    <section className="find-again" aria-labelledby="find-again">
      <Screen place={place} />
      <div>
        <h2 id="find-again">{findAgainText.title}</h2>
        <p>{findAgainText.where[place]}</p>
      </div>
      <Button onClick={() => setView({ findAgain: false })}>{findAgainText.done}</Button>
    </section>
  );
}

export type TrayPlace = 'menu-bar' | 'taskbar' | 'panel' | 'none';
/** By `process.platform`. */
const PLACES: Record<string, TrayPlace> = { darwin: 'menu-bar', win32: 'taskbar' };

/** A desk with its bar where this system has it, and our mark where a hand would look for it. */
function Screen({ place }: { place: TrayPlace }) {
  const barY = place === 'taskbar' ? 54 : 4;
  return (
    <svg className="screen" viewBox="0 0 120 72" width="80" height="48" aria-hidden>
      <rect className="screen-ground" x="1" y="1" width="118" height="70" rx="6" />
      <rect className="screen-window" x="22" y="22" width="62" height="30" rx="3" />
      <path className="screen-line" d="M22 29h62" />
      {place === 'none' ? (
        <Mark x={47} y={33} />
      ) : (
        <>
          <rect className="screen-bar" x="2" y={barY} width="116" height="14" rx="3" />
          <g className="screen-dots">
            <circle cx="9" cy={barY + 7} r="2.5" />
            <circle cx="17" cy={barY + 7} r="2.5" />
            <circle cx="25" cy={barY + 7} r="2.5" />
            <rect x="98" y={barY + 5} width="16" height="4" rx="2" />
          </g>
          <circle className="screen-ring" cx="88" cy={barY + 7} r="8.5" />
          <Mark x={82.6} y={barY + 1.6} />
        </>
      )}
    </svg>
  );
}

const Mark = ({ x, y }: { x: number; y: number }) => (
  <g className="screen-mark" transform={`translate(${x} ${y}) scale(0.34)`}>
    <path d="M5 27V16a11 11 0 0 1 22 0v11" />
    <path d="M12 27V18a4 4 0 0 1 8 0v9" />
  </g>
);
