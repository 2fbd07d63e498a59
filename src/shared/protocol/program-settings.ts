// What an administrator may set for the programs that people use: it becomes lines of files on their computers, so each
// value has a shape that cannot become anything else (another line, another directive, a command). The same decoders
// judge it where it is saved, at the edge, and where it is used.
import { z } from '../schema.ts';

/** Which certificates an SSH service asks for; absent: TRUSTCERT. */
export const SSH_CERTIFICATES = ['TRUSTCERT', 'SSHCERT', 'BOTH'] as const;

/** What a wildcard may stand in: `ssh github.com` of hers must never become the organisation's. */
const NARROW =
  /\.[A-Za-z0-9-]+\.[A-Za-z0-9-]+$|^\d{1,3}\.[\d.*?]+$|^[A-Za-z0-9]+-[A-Za-z0-9-]*[*?]+$/;
const HOST_PATTERN = /^[A-Za-z0-9*?][A-Za-z0-9*?._:-]{0,252}$/;

/**
 * Patterns of an OpenSSH `Host` line, e.g. `10.10.1.*`. None may be nothing but wildcards: every connection of this person,
 * to whomever, would go through the organisation. Nor a negation, which only a person's own file has a use for.
 */
export const sshHosts = z
  .string()
  .max(500)
  .transform((text) => text.split(' ').filter(Boolean))
  .refine((patterns) => patterns.length <= 20, 'has more than 20 patterns')
  .refine(
    (patterns) => patterns.every((pattern) => HOST_PATTERN.test(pattern)),
    'is not a list of host patterns: letters, digits, ".", "-", "_", ":", "*" and "?"',
  )
  .refine(
    (patterns) => patterns.every((pattern) => !/[*?]/.test(pattern) || NARROW.test(pattern)),
    'has a pattern that takes too much: "*" and "?" need two whole labels behind them (*.lab.corp), the beginning of an address (10.9.*), or a name with a hyphen before them (lab-*)',
  )
  .transform((patterns) => patterns.join(' '));

/** Of a cluster in a kubeconfig, and of the context that uses it. */
export const kubeClusterName = z
  .string()
  .regex(/^(?:[A-Za-z0-9](?:[A-Za-z0-9._:@/-]{0,198}[A-Za-z0-9])?)?$/, 'is not a cluster name');

const PEM =
  /^(?:-----BEGIN CERTIFICATE-----\r?\n(?:[A-Za-z0-9+/=]{1,76}\r?\n)+-----END CERTIFICATE-----\s*)+$/;
/**
 * A PEM certificate in base64, as kubeconfigs have it: it begins with that of `-----BEGIN CERTIFICATE-----`. Whole groups of four:
 * over any other, kubectl refuses every file that it reads beside this one.
 */
const PEM_IN_BASE64 =
  /^LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Certificates that vouch for the cluster's API: PEM, or the same in base64. */
export const kubeCa = z
  .string()
  .max(40_000)
  .refine(
    (text) => text === '' || PEM.test(text) || PEM_IN_BASE64.test(text),
    'is not a PEM certificate, nor one in base64',
  );

const RDP_SETTING =
  /^([a-z][a-z0-9]{0,40}(?: [a-z0-9]{1,20}){0,4}):([sib]):([^\p{Cc}\p{Cf}\u2028\u2029]{0,500})$/iu;

/**
 * Those that are taken: picture, sound, keyboard, and what of this computer is shared with the other one, short of its disks.
 * A list of what is, as Microsoft's and other clients know more settings than anybody has read about.
 */
const RDP_SETTINGS: ReadonlySet<string> = new Set(
  `screen mode id, use multimon, selectedmonitors, desktopwidth, desktopheight, desktop size id, desktopscalefactor,
  session bpp, smart sizing, dynamic resolution, maximizetocurrentdisplays, singlemoninwindowedmode, winposstr,
  displayconnectionbar, pinconnectionbar, connection type, networkautodetect, bandwidthautodetect, compression,
  bitmapcachepersistenable, disable wallpaper, allow font smoothing, allow desktop composition,
  disable full window drag, disable menu anims, disable themes, disable cursor setting, videoplaybackmode, audiomode,
  audiocapturemode, audioqualitymode, encode redirected video capture, redirected video capture encoding quality,
  keyboardhook, redirectclipboard, redirectprinters, redirectcomports, redirectposdevices, redirectsmartcards,
  redirectwebauthn, redirectlocation, devicestoredirect, usbdevicestoredirect, camerastoredirect,
  autoreconnection enabled, autoreconnect max retries, administrative session, public mode`
    .split(',')
    .map((name) => name.trim()),
);

/** Why one is not, where that is not plain. */
const REASONS: readonly (readonly [name: RegExp, why: string])[] = [
  [/^(?:alternate )?full address$|^server port$/, 'Banyan sets where it connects to'],
  [/^gateway|^kdcproxyname$|^rdgiskdcproxy$/, 'it would lead around Banyan'],
  [/^(?:alternate shell|shell working directory)$|^remoteapplication/, 'it would start a program'],
  [/^(?:password|username|domain|loadbalanceinfo$|sign)/, 'it is not the same for everybody'],
  [/^(?:authentication level|enablecredsspsupport|negotiate security layer)$/, 'it weakens checks'],
  [/^(?:drivestoredirect|redirectdrives)$/, "it would hand over this computer's disks"],
  [/^(?:prompt for credentials|promptcredentialonce)/, 'it weakens checks'],
];

function refusedRdpSetting(name: string): string | null {
  const lower = name.toLowerCase();
  if (RDP_SETTINGS.has(lower)) return null;
  const known = REASONS.find(([pattern]) => pattern.test(lower))?.[1];
  return known ?? 'it is none of picture, sound, keyboard and shared devices';
}

/** One line of a .rdp file: `name:s:text`, `name:i:number` or `name:b:hexadecimal`. */
export const rdpSetting = z.string().superRefine((line, context) => {
  const [, name = '', type = '', value = ''] = RDP_SETTING.exec(line) ?? [];
  if (name === '') {
    context.addIssue('is not name:s:text, name:i:number or name:b:hexadecimal');
    return;
  }
  if (/^i$/i.test(type) && !/^-?\d{1,10}$/.test(value)) context.addIssue(`${name}: no number`);
  if (/^b$/i.test(type) && !/^[0-9a-f]*$/i.test(value)) context.addIssue(`${name}: no hexadecimal`);
  const why = refusedRdpSetting(name);
  if (why) context.addIssue(`${name} is not taken: ${why}`);
});
