import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createPrint, type Print } from '../../../src/cli/print.ts';

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
