// What may be started: shared by whoever looks for our own programs and for those of other makers.
import { accessSync, constants, statSync } from 'node:fs';

/** A file that this person may run. */
export function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile(); // a folder may be entered, which is the same right
  } catch {
    return false; // none, or none for us: the next place
  }
}
