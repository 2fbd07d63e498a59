// Reads what a managed deployment file says: names of the seeds in, our own out. Never quotes a value: it holds an invite.
import { AppError } from '../../../shared/errors.ts';
import type { Deployment, Ownership } from '../../../shared/model/device.ts';
import type { ManagedOrganisation, ManagedSettings } from '../../../shared/model/managed.ts';
import { parseInvite } from '../../../shared/protocol/invite.ts';
import { formatHostPort } from '../../../shared/protocol/host-port.ts';
import { z } from '../../../shared/schema.ts';
import { organisationIdOfFingerprint } from '../organisation/certificates.ts';

export interface ManagedFile {
  settings: ManagedSettings;
  /** null: the file sets settings only. */
  invite: { link: string; organisation: ManagedOrganisation } | null;
  /** Names that mean nothing here; for the log. */
  unknown: string[];
}

const OWNERSHIP: Record<'C' | 'S' | 'E' | 'O', Ownership> = {
  C: 'Corporate Dedicated',
  S: 'Corporate Shared',
  E: 'Employee Owned',
  O: 'Other',
};

/** Shell scripts write `"true"`, PowerShell writes `true`. */
const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((word) => word === 'true')]);
/** Scripts leave a variable empty for what is not set. */
const text = z.string().trim().max(1024);
/** No longer than the organisation takes. */
const label = z.string().trim().max(200);
const ownership = z.enum(['C', 'S', 'E', 'O', '']);

/** Its JSON schema, for the editors of administrators, is docs/mdm-config.schema.json. */
export const managedFile = z.object({
  $schema: text.optional().describe('Where this schema is, for editors.'),
  mdm_invite_code: text
    .optional()
    .describe('The whole invite (banyan://register?…). Without it nothing is registered.'),
  mdm_device_ownership: ownership
    .optional()
    .describe(
      'C corporate dedicated (where absent), S corporate shared, E employee owned, O other.',
    ),
  mdm_multi_org: flag.optional().describe('false: this computer joins no other organisation.'),
  mdm_auto_login: flag.optional().describe('true: the sign-in page opens at the start.'),
  mdm_present: flag
    .optional()
    .describe('true: a tool manages this computer. Told to the organisation at registration.'),
  mdm_vendor_name: label.optional().describe('That tool: Jamf, Intune, … Told as mdm_present is.'),
  mdm_vendor_udid: label.optional().describe('As the tool calls this computer. Told, too.'),
  mdm_deploy_user: label.optional().describe('For whom the computer is set up. Told, too.'),
  mdm_deploy_email: label.optional().describe('The e-mail of that person. Told, too.'),
  mdm_start_at_boot: flag.optional().describe('true: the app starts when a person signs in.'),
  mdm_hide_on_start: flag.optional().describe('true: it starts without its window.'),
  mdm_hide_services: flag.optional().describe('true: window and tray show no services.'),
  mdm_disable_quit: flag.optional().describe('true: no person ends the app.'),
  mdm_disable_auto_update: flag
    .optional()
    .describe('true: the app asks nobody for newer versions.'),
  mdm_ca_certs_preinstalled: flag
    .optional()
    .describe('No effect: Banyan puts no root into the system, whether it is there or not.'),
  mdm_skip_cert_suppression: flag
    .optional()
    .describe('No effect: Banyan has no browser choose a certificate, so nothing is suppressed.'),
  mdm_deploy_key: z
    .unknown()
    .optional()
    .describe('A secret of the installer of another product: known, and not kept.'),
});

/** Throws `managed/file-ignored` with what is wrong: half a file would be half of what an administrator has set. */
export function decodeManagedFile(json: string): ManagedFile {
  // PowerShell puts a byte order mark in front.
  const given = parse(json.replace(/^\uFEFF/, ''));
  const { data, error } = managedFile.safeParse(given);
  if (!data) {
    const keys = [...new Set(error.issues.map(({ path }) => String(path[0] ?? '')))];
    throw ignored(
      keys.join('') === '' ? 'it is not a JSON object' : `${keys.join(', ')} cannot be used`,
    );
  }
  return {
    settings: settingsOf(data),
    invite: data.mdm_invite_code ? readInvite(data.mdm_invite_code) : null,
    unknown: Object.keys(given as object).filter((key) => !(key in managedFile.shape)),
  };
}

export const ignored = (why: string): AppError =>
  new AppError('managed/file-ignored', `The managed deployment file is ignored: ${why}.`);

function settingsOf(data: z.output<typeof managedFile>): ManagedSettings {
  const { mdm_device_ownership: letter } = data;
  return withoutAbsent({
    ownership: letter ? OWNERSHIP[letter] : undefined,
    multiOrganisation: data.mdm_multi_org,
    autoLogin: data.mdm_auto_login,
    deployment: deploymentOf(data),
    startAtBoot: data.mdm_start_at_boot,
    hideOnStart: data.mdm_hide_on_start,
    hideServices: data.mdm_hide_services,
    disableQuit: data.mdm_disable_quit,
    disableAutoUpdate: data.mdm_disable_auto_update,
  });
}

function deploymentOf(data: z.output<typeof managedFile>): Deployment | undefined {
  const deployment = withoutAbsent<Deployment>({
    isManaged: data.mdm_present,
    vendor: data.mdm_vendor_name || undefined,
    vendorId: data.mdm_vendor_udid || undefined,
    user: data.mdm_deploy_user || undefined,
    email: data.mdm_deploy_email || undefined,
  });
  return Object.keys(deployment).length > 0 ? deployment : undefined;
}

const withoutAbsent = <Facts extends object>(facts: {
  [Key in keyof Facts]: Facts[Key] | undefined;
}): Facts =>
  Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as Facts;

function readInvite(link: string): NonNullable<ManagedFile['invite']> {
  try {
    const { organisation, rootFingerprint } = parseInvite(link);
    const id = organisationIdOfFingerprint(rootFingerprint);
    return { link, organisation: { id, host: formatHostPort(organisation) } };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw ignored(`mdm_invite_code is not an invite (banyan://register?…)`);
  }
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined; // no schema accepts it: told as what it is
  }
}
