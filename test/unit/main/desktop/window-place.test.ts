import { readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  boundsFor,
  keepPlace,
  readPlace,
  type WindowPlace,
} from '../../../../src/main/desktop/window-place.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const laptop = { x: 0, y: 25, width: 1440, height: 875 };
const left = { x: -1920, y: 0, width: 1920, height: 1080 };
const tiny = { x: 0, y: 0, width: 400, height: 300 };
const at = (x: number, y: number, width = 800, height = 600): WindowPlace => ({
  version: 1,
  bounds: { x, y, width, height },
  isMaximized: false,
  zoomLevel: 0,
});

describe('a window', () => {
  it.each([
    ['opens at its usual size the first time', null, [laptop], { width: 1180, height: 760 }],
    [
      'is no larger than its display the first time either',
      null,
      [{ ...laptop, width: 1024, height: 600 }],
      { width: 1024, height: 600 },
    ],
    ['comes back where it was', at(100, 50), [laptop], at(100, 50).bounds],
    ['comes back on the other display', at(-1800, 5), [laptop, left], at(-1800, 5).bounds],
    ['comes back partly outside, as it was left', at(1300, 500), [laptop], at(1300, 500).bounds],
    [
      'is in the middle when its display has gone',
      at(-1800, 5),
      [laptop],
      { width: 800, height: 600 },
    ],
    [
      'is in the middle when its upper edge is out of reach',
      at(100, -300),
      [laptop],
      { width: 800, height: 600 },
    ],
    [
      'is in the middle when nobody could take hold of it',
      at(1400, 50),
      [laptop],
      { width: 800, height: 600 },
    ],
    [
      'is no larger than its display',
      at(0, 30, 3000, 2000),
      [laptop],
      { x: 0, y: 30, width: 1440, height: 875 },
    ],
    [
      'is no smaller than it can be',
      at(0, 30, 130, 50),
      [tiny],
      { x: 0, y: 30, width: 420, height: 480 },
    ],
    ['needs no display to be known', at(0, 30), [], { width: 800, height: 600 }],
  ])('%s', (_what, place, areas, expected) => {
    expect(boundsFor(place, areas)).toEqual(expected);
  });

  it('is kept in a file of its own, for nobody else to read', () => {
    const folder = tempDir();
    const file = path.join(folder, 'window.json');
    keepPlace(file, {
      getNormalBounds: () => ({ x: 1, y: 2, width: 700, height: 500 }),
      isMaximized: () => true,
      webContents: { getZoomLevel: () => 1.5 },
    });
    expect(readPlace(file)).toEqual({
      ...at(1, 2, 700, 500),
      isMaximized: true,
      zoomLevel: 1.5,
    });
    expect(readdirSync(folder)).toEqual(['window.json']);
    expect(statSync(file).mode & 0o077).toBe(0);
  });

  it.each(['', '{', '{"version":2}', '{"version":1,"bounds":{"x":"0"}}'])(
    'opens as ever where the file says %j',
    (text) => {
      const file = path.join(tempDir(), 'window.json');
      writeFileSync(file, text);
      expect(readPlace(file)).toBe(null);
    },
  );
});
