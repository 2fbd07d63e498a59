// One tab for each way to use a service; in it, lines to copy.
import { Tabs } from '@base-ui/react/tabs';
import { Fragment } from 'react';
import type { CopyLine, Way } from '../../../../shared/model/commands.ts';
import { words } from '../../../text/common.ts';
import { waysText } from '../../../text/ways.ts';
import { CopyButton } from '../../../ui/Copy.tsx';
import './use-it.css';

export function WayTabs({ ways, isReady }: { ways: readonly Way[]; isReady: boolean }) {
  return (
    <Tabs.Root className={isReady ? 'block' : 'block later'} defaultValue={ways[0]?.label}>
      <Tabs.List className="tabs" aria-label={waysText.ways}>
        {ways.map(({ label }) => (
          <Tabs.Tab key={label} value={label} className="tab">
            {label}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {ways.map(({ label, lines, about }) => (
        <Tabs.Panel key={label} value={label} className="way">
          {lines.map((line) => (
            <Line key={line.text} line={line} />
          ))}
          {about && <p className="sub">{about}</p>}
        </Tabs.Panel>
      ))}
    </Tabs.Root>
  );
}

/** A long setting is broken after its name, before it is broken within a number. */
function withBreak(word: string) {
  const at = word.indexOf('=') + 1;
  if (at === 0) return word;
  return (
    <>
      {word.slice(0, at)}
      <wbr />
      <span className="command-value">{word.slice(at)}</span>
    </>
  );
}

/** Broken between words only, as far as they fit: an option in two halves is misread. */
const Line = ({ line: { name, text } }: { line: CopyLine }) => (
  <div className="command">
    <div className="command-text">
      {name && <span className="command-name">{name}</span>}
      <code>
        {text.split(' ').map((word, index) => (
          // oxlint-disable-next-line react/no-array-index-key -- the same word may stand there twice
          <Fragment key={index}>
            {index > 0 && ' '}
            <span>{withBreak(word)}</span>
          </Fragment>
        ))}
      </code>
    </div>
    <CopyButton text={text} label={name ? waysText.copy(name) : words.copy} />
  </div>
);
