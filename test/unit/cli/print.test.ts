import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createPrint, type Print, table, toned, tonedTable } from '../../../src/cli/print.ts';

/** A title, a clipboard write, a C1 introducer and a reversed reading direction, as a hostile name would have them. */
const HOSTILE = 'Echo\u001b]0;pwned\u0007\u009b2J\u202e\u007f\r\n\u{e0001}x';

function printed(json: boolean, act: (print: Print) => void): string {
  let text = '';
  for (const stream of [process.stdout, process.stderr]) {
    const spy = vi.spyOn(stream, 'write').mockImplementation((chunk) => {
      text += String(chunk);
      return true;
    });
    onTestFinished(() => spy.mockRestore());
  }
  act(createPrint(json));
  return text;
}

const everything = (print: Print): void => {
  print.result({ name: HOSTILE }, [HOSTILE]);
  print.event({ event: 'x', name: HOSTILE }, [HOSTILE]);
  print.note(HOSTILE);
  print.error({ code: 'tunnel/denied', message: HOSTILE, details: { refusal: HOSTILE } });
};

describe('what banyan prints', () => {
  it.each([false, true])('never carries control characters (json: %s)', (json) => {
    const lines = printed(json, everything).split('\n');
    expect(lines).toHaveLength(json ? 4 : 5);
    expect(lines.join('')).not.toMatch(/\p{Cc}|\p{Cf}/u);
  });

  it('gives programs every text as it was', () => {
    const text = printed(true, (print) => print.result({ name: HOSTILE }, []));
    expect(JSON.parse(text)).toEqual({ ok: true, name: HOSTILE });
  });
});

describe('columns', () => {
  it('stand below each other where characters are wide, or have none of their own', () => {
    const rows = [
      ['日本語ｶﾅ', 'x'],
      ['カナ한글', 'x'],
      ['cafe\u0301 😀', 'x'],
      ['Ω—abcdef', 'x'],
    ];
    // As many columns as a terminal draws, counted by hand.
    expect(table(rows)).toEqual(['日本語ｶﾅ  x', 'カナ한글  x', 'cafe\u0301 😀   x', 'Ω—abcdef  x']);
    const toneless = tonedTable(rows).map((line) =>
      line.map((cell) => (typeof cell === 'string' ? cell : cell.text)).join(''),
    );
    expect(toneless).toEqual(table(rows));
  });
});

describe('colours', () => {
  const row = ['a', toned('ok', 'good'), toned('FAILED', 'bad')];
  const to = (stream: object): string => {
    const own = Object.assign(process.stdout, stream);
    onTestFinished(() => void Object.assign(own, { isTTY: undefined, hasColors: undefined }));
    return printed(false, (print) => print.result({}, tonedTable([row])));
  };

  it('are for a terminal that has some', () => {
    const coloured = 'a  \u001b[32mok\u001b[0m  \u001b[31mFAILED\u001b[0m\n';
    expect(to({ isTTY: true, hasColors: () => true })).toBe(coloured);
    // As Node answers for NO_COLOR and TERM=dumb.
    expect(to({ isTTY: true, hasColors: () => false })).toBe('a  ok  FAILED\n');
    expect(to({ isTTY: undefined })).toBe('a  ok  FAILED\n');
  });

  it('move no column', () => {
    const rows = [
      ['NAME', 'STATE', ''],
      ['a', 'not connected', ''],
      ['longer', '', 'last'],
    ];
    const plain = tonedTable(rows.map((cells) => cells.map((text) => toned(text, 'faint'))));
    const text = printed(false, (print) => print.result({}, plain));
    expect(text).toBe(`${table(rows).join('\n')}\n`);
  });
});
