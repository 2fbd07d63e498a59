import { describe, expect, it } from 'vitest';
import { newVaultKey, seal, unseal } from '../../../../../src/main/client/device/vault.ts';

const content = { version: 1 as const, device: { key: 'K', certificate: 'C' }, session: null };
const corrupt = expect.objectContaining({ code: 'client/storage-corrupt' });

describe('the vault', () => {
  it('gives back what was sealed, and nothing of it in clear', () => {
    const key = newVaultKey();
    const file = seal(key, 'org', { ...content, device: { key: 'SECRET-KEY', certificate: 'C' } });
    expect(file.includes('SECRET-KEY')).toBe(false);
    expect(unseal(key, 'org', file).device.key).toBe('SECRET-KEY');
  });

  it('is never sealed twice alike', () => {
    const key = newVaultKey();
    expect(seal(key, 'org', content)).not.toEqual(seal(key, 'org', content));
  });

  it('does not open with another key, for another organisation, or when a bit was changed', () => {
    const key = newVaultKey();
    const file = seal(key, 'org', content);
    expect(() => unseal(newVaultKey(), 'org', file)).toThrow(corrupt);
    expect(() => unseal(key, 'other', file)).toThrow(corrupt);
    for (const at of [0, 20, 30, file.length - 1]) {
      const changed = Buffer.from(file);
      changed[at]! ^= 1;
      expect(() => unseal(key, 'org', changed)).toThrow(corrupt);
    }
    expect(() => unseal(key, 'org', file.subarray(0, 10))).toThrow(corrupt);
  });
});
