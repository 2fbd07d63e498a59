// The fingerprint of a root. Where nobody vouches for it yet its beginning is typed, as the administrator says it, and never
// shown before: who only clicks through has nothing to type, and 72 bits are not to be made alike.

/** SHA-256 as base64url without padding. */
const WHOLE = /^[A-Za-z0-9_-]{43}$/;
/** Three groups of four. */
const TYPED = 12;
const WHOLE_LENGTH = 43;

export const fingerprintEnd = (fingerprint: string): string => fingerprint.slice(TYPED);

/** The whole from what was typed (its beginning, or all of it) and the end that was shown; null: not complete yet. */
export function completeFingerprint(typed: string, end: string): string | null {
  const plain = typed.replaceAll(/\s/g, '');
  const whole = plain.length === TYPED ? plain + end : plain;
  return WHOLE.test(whole) ? whole : null;
}

/** Characters of its beginning that are still to be typed; below 0: too many. All of it may be typed, too. */
export function missingOf(typed: string): number {
  const { length } = typed.replaceAll(/\s/g, '');
  return length === WHOLE_LENGTH ? 0 : TYPED - length;
}

/** A fingerprint as two people read it to each other: window and terminal alike, so that they can be compared. */
export const groupsOfFour = (fingerprint: string): string[] => fingerprint.match(/.{1,4}/g) ?? [];
export const inGroups = (fingerprint: string): string => groupsOfFour(fingerprint).join(' ');
