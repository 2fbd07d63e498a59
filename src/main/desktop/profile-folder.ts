// Where Chromium keeps what is its own: in the client's folder, so that one folder is one app. Electron's own
// single-instance lock is a file in there.
import { app } from 'electron';
import { mkdirSync } from 'node:fs';
import path from 'node:path';

export function useProfileFolder(home: string): void {
  const folder = path.join(home, 'window');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    app.setPath('userData', folder);
  } catch {
    // The client cannot write there either, and says so in plain words when it starts.
  }
}
