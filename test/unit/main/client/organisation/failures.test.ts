import { describe, expect, it } from 'vitest';
import { isOlder } from '../../../../../src/main/client/organisation/first-trust.ts';
import { asciiJson } from '../../../../../src/main/client/organisation/est.ts';
import {
  clockSkew,
  translateNetworkFailure,
} from '../../../../../src/main/client/organisation/failures.ts';

const failure = (code: string) => Object.assign(new Error('x'), { code });

describe('a failed request', () => {
  const table = {
    ECONNREFUSED: 'organisation/unreachable',
    ENOTFOUND: 'organisation/unreachable',
    UND_ERR_CONNECT_TIMEOUT: 'organisation/unreachable',
    SELF_SIGNED_CERT_IN_CHAIN: 'device/root-mismatch',
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'device/root-mismatch',
    ERR_TLS_CERT_ALTNAME_INVALID: 'organisation/invalid-answer',
    CERT_HAS_EXPIRED: 'organisation/invalid-answer',
    UND_ERR_RES_EXCEEDED_MAX_SIZE: 'organisation/invalid-answer',
    ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'device/certificate-refused',
    ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: 'device/certificate-refused',
    ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'device/certificate-refused',
  };
  for (const [code, expected] of Object.entries(table)) {
    it(`with ${code} is ${expected} and names the host`, () => {
      const wrapped = new TypeError('fetch failed', { cause: failure(code) });
      const error = translateNetworkFailure(wrapped, 'demo.example:8440');
      expect(error.code).toBe(expected);
      expect(error.message).toContain('demo.example:8440');
    });
  }

  it('of a wrong clock says which way', () => {
    expect(clockSkew(10 * 60_000).message).toContain('10 minutes behind');
    expect(clockSkew(-5 * 3_600_000).message).toContain('5 hours ahead');
  });
});

describe('versions', () => {
  it('are compared by number', () => {
    expect(isOlder('0.9.0', '0.10.0')).toBe(true);
    expect(isOlder('1.0.0', '0.10.0')).toBe(false);
    expect(isOlder('0.1.0', '0.1.0')).toBe(false);
  });
});

describe('a header', () => {
  it('carries any name in ASCII', () => {
    const text = asciiJson({ name: 'Zoë\n💻' });
    expect(text).toMatch(/^[\u0020-\u007e]+$/);
    expect(JSON.parse(text)).toEqual({ name: 'Zoë\n💻' });
  });
});
