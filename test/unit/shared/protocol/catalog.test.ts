import { expect, test } from 'vitest';
import { decodeService } from '../../../../src/shared/protocol/catalog.ts';

const entry = (banyanproxy_mode: string) => ({
  id: 'a.demo.bnn',
  name: 'a',
  service_app_type: 'GENERIC',
  domain: 'a.example',
  access_tier: 'a.example:8443',
  banyanproxy_mode,
});

test.each(['CHAIN', 'HTTP_CONNECT', 'HTTP_CONNECT_DAISY_CHAIN'])('%s is the mode CHAIN', (mode) => {
  expect(decodeService(entry(mode))).toMatchObject({ service: { mode: 'CHAIN' } });
});

test.each(['__proto__', 'constructor', 'SOCKS'])('%s is named as no mode', (mode) => {
  const decoded = decodeService(entry(mode));
  expect('problem' in decoded && decoded.problem).toContain('expected one of');
});
