// What the organisation calls things, in a notification: text, whatever it is made of.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { standIn, StandInNotification } from '../../../electron-host/fakes.ts';
import { showNotice } from '../../../../src/main/desktop/notices.ts';

vi.mock('electron', () => ({ Notification: StandInNotification }));

const platform = Object.getOwnPropertyDescriptor(process, 'platform')!;
afterEach(() => void Object.defineProperty(process, 'platform', platform));

function shown(on: NodeJS.Platform, title: string, body: string) {
  Object.defineProperty(process, 'platform', { ...platform, value: on });
  showNotice({ title, body }, () => {});
  return standIn.notifications.at(-1)?.options;
}

describe('a notification', () => {
  it('is no markup, which its body is on Linux alone', () => {
    const body = 'R&D: <a href="https://evil.example/">sign in</a>';
    expect(shown('linux', 'R&D <b>', body)).toEqual({
      title: 'R&D <b>',
      body: 'R&amp;D: &lt;a href="https://evil.example/"&gt;sign in&lt;/a&gt;',
    });
    expect(shown('darwin', 'R&D <b>', body)).toEqual({ title: 'R&D <b>', body });
    expect(shown('win32', 'R&D <b>', body)).toEqual({ title: 'R&D <b>', body });
  });

  it('has no character that turns the others around or begins a line, and an end', () => {
    const hostile = `\u202Eab\nc\u2028d\u0007${'😀'.repeat(10_000)}`;
    const { title = '', body = '' } = shown('linux', hostile, hostile) ?? {};
    expect(title).toBe(` ab c d ${'😀'.repeat(111)}…`);
    expect(Array.from(body)).toHaveLength(600);
  });
});
