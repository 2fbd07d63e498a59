// Posture reports for tests: a device on which everything is as it should be, but for what the test changes.
import type { PostureReport } from '../../src/shared/model/posture.ts';
import { encodeReport } from '../../src/shared/protocol/posture.ts';
import type { Answer } from './https.ts';
import type { ScriptedDevice } from './scripted-device.ts';
import type { TestEdge } from './start-edge.ts';

export const aReport = (change: Partial<PostureReport> = {}): PostureReport => ({
  UpToDateOS: 'debian|12|6.1.0-18-amd64',
  DiskEncryptionEnabled: 'true',
  FirewallEnabled: 'true',
  ScreenLockEnabled: 'true',
  AutoUpdateEnabled: 'true',
  applications: {},
  ...change,
});

export const sendReport = (
  edge: TestEdge,
  device: ScriptedDevice,
  change: Partial<PostureReport> = {},
  body = encodeReport(aReport(change)),
): Promise<Answer> =>
  device.call(`${edge.edge.document.command_center}/device/posture`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body,
  });
