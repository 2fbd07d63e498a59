import * as realTls from 'node:tls';
import { afterEach, describe, expect, it, vi } from 'vitest';

afterEach(() => {
  vi.doUnmock('node:tls');
  vi.resetModules();
});

async function rootsWith(change: object): Promise<readonly string[]> {
  vi.resetModules();
  vi.doMock('node:tls', () => ({ ...realTls, getCACertificates: undefined, ...change }));
  const { systemRoots } = await import('../../../../../src/main/client/adapters/system-roots.ts');
  return systemRoots();
}

describe('the authorities of this computer', () => {
  it('are those that Node uses, and those of its system, each once', async () => {
    const certificates = { default: ['node', 'added'], system: ['added', 'company'] };
    const getCACertificates = (kind: 'default' | 'system') => certificates[kind];
    expect(await rootsWith({ getCACertificates })).toEqual(['node', 'added', 'company']);
  });

  it('are those of Node alone where it cannot tell the others', async () => {
    expect(await rootsWith({})).toBe(realTls.rootCertificates);
  });
});
