// The words of SSH: `string` of RFC 4251 5, as certificates and keys are written with (PROTOCOL.certkeys of OpenSSH).
// Bytes, not Buffer: this is read and written at both ends.

export interface SshReader {
  string(): Uint8Array;
  text(): string;
  uint32(): number;
  uint64(): bigint;
  /** Nothing is left. */
  isDone(): boolean;
}

/** Throws RangeError where something is cut off. */
export function sshReader(bytes: Uint8Array): SshReader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const uint32 = (): number => {
    const value = view.getUint32(at);
    at += 4;
    return value;
  };
  const string = (): Uint8Array => {
    const length = uint32();
    if (at + length > bytes.length) throw new RangeError('cut off');
    const value = bytes.subarray(at, at + length);
    at += length;
    return value;
  };
  return {
    uint32,
    string,
    text: () => String.fromCharCode(...string()),
    uint64() {
      const value = view.getBigUint64(at);
      at += 8;
      return value;
    },
    isDone: () => at === bytes.length,
  };
}
