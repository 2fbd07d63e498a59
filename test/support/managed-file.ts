// A managed deployment file of the test's own: this user stands in for root, and a folder of the test for /etc/banyanapp.
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readManagedFile } from '../../src/main/client/adapters/managed-file.ts';
import type { ClientPorts } from '../../src/main/client/ports.ts';
import { tempDir } from './temp-dir.ts';

export interface TestManagedFile {
  path: string;
  ports: Required<Pick<ClientPorts, 'managedFile'>>;
  write(content: Record<string, unknown> | string, mode?: number): void;
  remove(): void;
}

export function aManagedFile(content?: Record<string, unknown> | string): TestManagedFile {
  const folder = path.join(tempDir(), 'banyanapp');
  mkdirSync(folder, { mode: 0o755 });
  const file = path.join(folder, 'mdm-config.json');
  const write: TestManagedFile['write'] = (next, mode = 0o644) => {
    writeFileSync(file, typeof next === 'string' ? next : JSON.stringify(next));
    chmodSync(file, mode);
  };
  if (content !== undefined) write(content);
  return {
    path: file,
    ports: { managedFile: () => readManagedFile(file, process.getuid?.()) },
    write,
    remove: () => rmSync(file, { force: true }),
  };
}
