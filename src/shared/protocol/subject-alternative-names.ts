// How identity is written into certificates: URIs in the subject alternative name (RFC 5280 4.2.1.6).
// A DeviceCert carries exactly one device URI; a TrustCert carries trust URIs and never a device URI, so that
// neither passes for the other even if an intermediate were trusted in the wrong place.

const DEVICE = 'urn:banyan:device:';
const TRUST = 'urn:banyan:trust:';

/** Keys of trust URIs. `group` repeats; all others occur once. */
export const TRUST_KEYS = [
  'token',
  'subject',
  'email',
  'name',
  'device',
  'serial',
  'ownership',
  'platform',
  'group',
] as const;
export type TrustKey = (typeof TRUST_KEYS)[number];

export const deviceUri = (deviceId: string): string => `${DEVICE}${encodeURIComponent(deviceId)}`;

export const trustUri = (key: TrustKey, value: string): string =>
  `${TRUST}${key}:${encodeURIComponent(value)}`;

/** The device id of a DeviceCert's URIs, or null when they are not exactly one device URI. */
export function deviceIdOf(uris: readonly string[]): string | null {
  const [uri, ...others] = uris;
  return uri?.startsWith(DEVICE) && others.length === 0
    ? decodeURIComponent(uri.slice(DEVICE.length))
    : null;
}

/** The attributes of a TrustCert's URIs, or null when any URI is not a trust URI. */
export function trustAttributesOf(uris: readonly string[]): Map<TrustKey, string[]> | null {
  const attributes = new Map<TrustKey, string[]>();
  for (const uri of uris) {
    const [key, value] = uri.startsWith(TRUST) ? splitOnce(uri.slice(TRUST.length)) : [];
    const known = TRUST_KEYS.find((candidate) => candidate === key);
    if (!known || value === undefined) return null;
    attributes.set(known, [...(attributes.get(known) ?? []), decodeURIComponent(value)]);
  }
  return attributes.size > 0 ? attributes : null;
}

function splitOnce(text: string): [string, string | undefined] {
  const colon = text.indexOf(':');
  return colon < 0 ? [text, undefined] : [text.slice(0, colon), text.slice(colon + 1)];
}
