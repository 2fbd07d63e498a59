// Where the person had left the window, and how large its text: kept in a file of its own, and sane when a display has gone.
import type { Rectangle, WebContents } from 'electron';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from '../../shared/schema.ts';

const pixels = z.int().min(-100_000).max(100_000);
const windowPlace = z.object({
  version: z.literal(1),
  /** As it is when it is not maximised; device-independent pixels. */
  bounds: z.object({ x: pixels, y: pixels, width: pixels, height: pixels }),
  isMaximized: z.boolean(),
  /** Electron's: 0 is 100 %, each step 20 % more or less. */
  zoomLevel: z.number().min(-8).max(9),
});
export type WindowPlace = z.output<typeof windowPlace>;

export const SMALLEST = { width: 420, height: 480 };
/** The list and the details of a service beside each other. */
const USUAL = { width: 1180, height: 760 };
/** So much of its upper edge has to be on a display, or nobody could take hold of it. */
const HOLD = { width: 120, height: 40 };

/** What a window is made with. Without `x` and `y` the system puts it in the middle. */
export function boundsFor(
  place: WindowPlace | null,
  workAreas: readonly Rectangle[],
): Partial<Rectangle> & typeof USUAL {
  const { width, height } = place?.bounds ?? USUAL;
  const area = workAreas.find((each) => place && isHeldBy(each, place.bounds));
  const largest = area ?? workAreas[0] ?? USUAL;
  const size = {
    width: between(SMALLEST.width, width, largest.width),
    height: between(SMALLEST.height, height, largest.height),
  };
  return area && place ? { x: place.bounds.x, y: place.bounds.y, ...size } : size;
}

const isHeldBy = (area: Rectangle, { x, y, width }: Rectangle): boolean =>
  Math.min(x + width, area.x + area.width) - Math.max(x, area.x) >= HOLD.width &&
  y >= area.y &&
  y + HOLD.height <= area.y + area.height;

/** A display may be smaller than the smallest window. */
const between = (least: number, value: number, most: number): number =>
  Math.max(least, Math.min(value, most));

/** null: never kept, or not to be read. Where a window was is not worth an error. */
export function readPlace(file: string): WindowPlace | null {
  try {
    return windowPlace.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return null; // the usual place
  }
}

interface Placed {
  getNormalBounds(): Rectangle;
  isMaximized(): boolean;
  webContents: Pick<WebContents, 'getZoomLevel'>;
}

/** At once: the app may be on its way out. Throws where it cannot be written. */
export function keepPlace(file: string, window: Placed): void {
  const place: WindowPlace = {
    version: 1,
    bounds: window.getNormalBounds(),
    isMaximized: window.isMaximized(),
    zoomLevel: window.webContents.getZoomLevel(),
  };
  const temporary = `${file}.tmp`;
  writeFileSync(temporary, `${JSON.stringify(place)}\n`, { mode: 0o600 });
  renameSync(temporary, file);
}
