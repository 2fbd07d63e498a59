import { describe, expect, it } from 'vitest';
import { refuseToOpen } from '../../../../../src/main/client/access/admission.ts';
import { remedy } from '../../../../../src/shared/errors.ts';
import { aService } from '../../../../support/services.ts';

describe('a service', () => {
  const refusals = [
    [
      'that is denied',
      { access: { status: 'denied', code: 'role', reason: 'No.' } },
      'tunnel/denied',
    ],
    ['of the web', { type: 'WEB' }, 'web/opens-in-browser'],
    ['in RDP gateway mode', { mode: 'RDPGATEWAY' }, 'tunnel/mode-unsupported'],
    [
      'of Kubernetes with domains',
      { type: 'K8S', mode: 'CHAIN', includeDomains: ['x'] },
      'tunnel/domains-not-allowed',
    ],
    [
      'in daisy-chain mode with domains',
      { mode: 'CHAIN', modeAlias: 'HTTP_CONNECT_DAISY_CHAIN', includeDomains: ['x'] },
      'tunnel/domains-not-allowed',
    ],
  ] as const;
  for (const [what, parts, code] of refusals) {
    it(`${what} is not opened: ${code}`, () => {
      expect(refuseToOpen(aService(parts))?.code).toBe(code);
    });
  }

  it('that this device is not safe enough for leads to what lowers its level, not to the administrator', () => {
    const access = { status: 'denied', code: 'trust_level', reason: 'Level High.' } as const;
    const { advice } = remedy(refuseToOpen(aService({ access }))!.toWire());
    expect(advice).toContain('banyan status');
    expect(advice).not.toContain('administrator');
  });

  it('in TCP or CHAIN mode is opened', () => {
    expect(refuseToOpen(aService())).toBeNull();
    for (const parts of [
      { includeDomains: ['x'] },
      { includeDomains: ['x'], modeAlias: 'HTTP_CONNECT' },
      { includeDomains: [], modeAlias: 'HTTP_CONNECT_DAISY_CHAIN' },
    ] as const) {
      expect(refuseToOpen(aService({ mode: 'CHAIN', ...parts }))).toBeNull();
    }
  });

  it('in RDP gateway mode is refused in plain words: what is missing, what works, who can change it', () => {
    const { message } = refuseToOpen(aService({ type: 'RDP', mode: 'RDPGATEWAY' }))!;
    expect(message).toMatch(/RDP gateway mode.*does not speak.*TCP mode.*administrator/);
  });
});
