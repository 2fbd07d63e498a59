import { describe, expect, it } from 'vitest';
import { decodeManagedFile } from '../../../../../src/main/client/managed/managed-file.ts';
import { INVITE } from '../../../../fixtures/snapshots.ts';

const decode = (value: unknown) => decodeManagedFile(JSON.stringify(value));

describe('a managed deployment file', () => {
  it('is read as the scripts of both worlds write it', () => {
    const unix = decode({
      mdm_invite_code: INVITE,
      mdm_device_ownership: 'S',
      mdm_present: 'true',
      mdm_vendor_name: 'Jamf',
      mdm_multi_org: 'false',
      mdm_start_at_boot: true,
    });
    expect(unix.settings).toEqual({
      ownership: 'Corporate Shared',
      deployment: { isManaged: true, vendor: 'Jamf' },
      multiOrganisation: false,
      startAtBoot: true,
    });
    expect(unix.invite).toMatchObject({
      link: INVITE,
      organisation: {
        host: 'banyan.medsoft.example:443',
        id: expect.stringMatching(/^[0-9a-f]{16}$/) as unknown,
      },
    });
    const windows = decodeManagedFile('\uFEFF{"mdm_present":true,"mdm_device_ownership":"C"}');
    expect(windows.settings).toEqual({
      deployment: { isManaged: true },
      ownership: 'Corporate Dedicated',
    });
  });

  it('leaves out what is empty, and sets nothing that it does not name', () => {
    expect(decode({ mdm_invite_code: '', mdm_device_ownership: '', mdm_vendor_name: ' ' })).toEqual(
      { settings: {}, invite: null, unknown: [] },
    );
  });

  it('names what it does not know, and does not keep the key of another installer', () => {
    const { unknown, settings } = decode({ mdm_new_thing: 1, mdm_deploy_key: 'secret' });
    expect(unknown).toEqual(['mdm_new_thing']);
    expect(JSON.stringify(settings)).not.toContain('secret');
  });

  it.each([
    ['not JSON', '{', 'not a JSON object'],
    ['nothing', '', 'not a JSON object'],
    ['a list', '[]', 'not a JSON object'],
    ['another type', '{"mdm_auto_login":"yes"}', 'mdm_auto_login'],
    ['an unknown owner', '{"mdm_device_ownership":"D"}', 'mdm_device_ownership'],
    ['a code alone', '{"mdm_invite_code":"7Q2M-K4XD-9TFA"}', 'mdm_invite_code'],
    ['a damaged invite', `{"mdm_invite_code":"${INVITE}&x=1"}`, 'mdm_invite_code'],
  ])('with %s is ignored whole, and its values are not repeated', (_, text, why) => {
    const read = () => decodeManagedFile(text);
    expect(read).toThrow(expect.objectContaining({ code: 'managed/file-ignored' }));
    expect(read).toThrow(why);
    expect(read).not.toThrow(/7Q2M|K7Q2/);
  });
});
