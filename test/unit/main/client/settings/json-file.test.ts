import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  sweepTemporaryFiles,
  writeAtomically,
} from '../../../../../src/main/client/settings/atomic-write.ts';
import { settingsFile } from '../../../../../src/main/client/settings/files.ts';
import { jsonFile } from '../../../../../src/main/client/settings/json-file.ts';
import { layout } from '../../../../../src/main/client/settings/layout.ts';
import { recordingLog } from '../../../../fakes/recording-log.ts';
import { tempDir } from '../../../../support/temp-dir.ts';

describe('a settings file', () => {
  it('comes back as it was written, readable for its owner only', async () => {
    const file = path.join(tempDir(), 'home', 'settings.json');
    const settings = jsonFile(file, settingsFile, recordingLog());
    expect(await settings.read()).toBeNull();
    await settings.write({ version: 1, activeOrganisation: '9f86d081884c7d65' });
    expect(await settings.read()).toEqual({ version: 1, activeOrganisation: '9f86d081884c7d65' });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(path.dirname(file)).mode & 0o777).toBe(0o700);
  });

  it('that cannot be read is set aside unchanged and reported', async () => {
    const home = tempDir();
    const file = path.join(home, 'settings.json');
    writeFileSync(file, '{"version": 1, "activeOrg');
    await expect(jsonFile(file, settingsFile, recordingLog()).read()).rejects.toMatchObject({
      code: 'client/storage-corrupt',
    });
    const [kept = ''] = readdirSync(home);
    expect(kept).toMatch(/^settings\.json\.corrupt-/);
    expect(readFileSync(path.join(home, kept), 'utf8')).toBe('{"version": 1, "activeOrg');
  });

  it('that can be neither read nor set aside is not overwritten', async () => {
    const home = tempDir();
    const file = path.join(home, `${'x'.repeat(225)}.json`);
    writeFileSync(file, 'garbage');
    const settings = jsonFile(file, settingsFile, recordingLog());
    // The name to set it aside under is longer than a file system takes.
    await expect(settings.read()).rejects.toMatchObject({ code: 'client/storage-failed' });
    await expect(settings.write({ version: 1, activeOrganisation: null })).rejects.toMatchObject({
      code: 'client/storage-failed',
    });
    expect(readFileSync(file, 'utf8')).toBe('garbage');
  });

  it('is not touched when the disk refuses', async () => {
    const home = tempDir();
    mkdirSync(path.join(home, 'settings.json'));
    await expect(writeAtomically(path.join(home, 'settings.json'), 'x')).rejects.toMatchObject({
      code: 'client/storage-failed',
    });
    expect(readdirSync(home)).toEqual(['settings.json']);
  });

  it('says storage-failed even where nothing can be cleaned up', async () => {
    const home = tempDir();
    writeFileSync(path.join(home, 'file'), '');
    // ENOTDIR for writing and for removing: below a file nothing is.
    await expect(writeAtomically(path.join(home, 'file', 'x'), 'x')).rejects.toMatchObject({
      code: 'client/storage-failed',
    });
  });

  it('leaves nothing of a killed writer after the next start', async () => {
    const home = tempDir();
    const places = layout(home);
    const { folder, vault } = places.organisation('9f86d081884c7d65');
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(home, 'settings.json.0123456789ab.tmp'), 'half');
    writeFileSync(path.join(home, 'kept.tmp'), 'not ours');
    writeFileSync(`${vault}.0123456789ab.tmp`, 'half');
    writeFileSync(vault, 'whole');
    await sweepTemporaryFiles(places);
    expect(readdirSync(home).toSorted()).toEqual(['kept.tmp', 'orgs']);
    expect(readdirSync(folder)).toEqual(['vault.bin']);
  });
});
