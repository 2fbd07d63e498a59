/** A fingerprint as two people read it to each other: window and terminal alike, so that they can be compared. */
export const groupsOfFour = (fingerprint: string): string[] => fingerprint.match(/.{1,4}/g) ?? [];
