// Services as a catalogue would give them.
import type { Service } from '../../src/shared/model/service.ts';

export const aService = (parts: Partial<Service> = {}): Service => ({
  id: 'echo.demo.bnn',
  name: 'echo',
  friendlyName: 'Echo',
  description: '',
  type: 'GENERIC',
  domain: 'echo.demo.localhost',
  accessTier: { host: 'echo.demo.localhost', port: 8443 },
  ca: 'organisation',
  mode: 'TCP',
  assignedPort: null,
  allowUserOverride: true,
  includeDomains: [],
  autorun: false,
  allowedTargets: [],
  access: { status: 'allowed' },
  ...parts,
});
