// Things that are copied by a click, with a visible and spoken confirmation.
import { Check, Copy, X } from 'lucide-react';
import { words } from '../text/common.ts';
import { Button } from './Button.tsx';
import { type CopyState, useCopy } from './use-copy.ts';
import './copy.css';

function CopyIcon({ state, size = 13 }: { state: CopyState; size?: number }) {
  if (state === 'copied') return <Check size={size} className="copied" aria-hidden />;
  if (state === 'failed') return <X size={size} aria-hidden />;
  return <Copy size={size} aria-hidden />;
}

const spoken: Record<CopyState, string> = {
  idle: '',
  copied: words.copied,
  failed: words.copyFailed,
};

const Spoken = ({ state }: { state: CopyState }) => (
  <span className="unseen" aria-live="polite">
    {spoken[state]}
  </span>
);

/** Where there is little room the host is cut, not the port: addresses of this computer differ in nothing else. */
function Kept({ text }: { text: string }) {
  const port = /:\d+$/.exec(text);
  return (
    <span className="copy-text">
      <span className="one-line">{text.slice(0, port?.index)}</span>
      {port && <span>{port[0]}</span>}
    </span>
  );
}

/** A short value in a pill; the whole pill is the button. */
export function CopyPill({ text, label }: { text: string; label: string }) {
  const { state, copy } = useCopy();
  return (
    <>
      <button
        type="button"
        className={`copy-pill mono ${state}`}
        aria-label={label}
        title={label}
        onClick={() => void copy(text)}
      >
        <Kept text={text} />
        <CopyIcon state={state} />
        {state !== 'idle' && (
          <span className="copy-flag" aria-hidden>
            {spoken[state]}
          </span>
        )}
      </button>
      <Spoken state={state} />
    </>
  );
}

export function CopyButton(props: {
  /** A function where it is much to put together. */
  text: string | (() => string);
  label: string;
  showLabel?: boolean;
  look?: 'plain' | 'quiet';
}) {
  const { state, copy } = useCopy();
  return (
    <>
      <Button
        look={props.look ?? 'quiet'}
        size="small"
        className={props.showLabel ? '' : 'icon-only'}
        aria-label={props.label}
        title={props.showLabel ? undefined : props.label}
        onClick={() => void copy(typeof props.text === 'string' ? props.text : props.text())}
      >
        <CopyIcon state={state} size={14} />
        {(props.showLabel || state !== 'idle') && (
          <span>{state === 'idle' ? props.label : spoken[state]}</span>
        )}
      </Button>
      <Spoken state={state} />
    </>
  );
}
