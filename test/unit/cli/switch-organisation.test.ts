import { describe, expect, it } from 'vitest';
import { findOrganisation } from '../../../src/cli/commands/switch-organisation.ts';
import { twoOrganisations } from '../../fixtures/snapshots.ts';

const known = twoOrganisations();
const [medsoft, northwind] = known;

describe('an organisation named in the terminal', () => {
  it('is found by id, address, or name in any case', () => {
    for (const wanted of ['0a1b2c3d4e5f6071', 'NORTHWIND', 'access.northwind.example:8443']) {
      expect(findOrganisation(known, wanted)).toBe(northwind);
    }
    expect(findOrganisation(known, 'medsoft')).toBe(medsoft);
  });

  it('that is not there is answered with those that are', () => {
    expect(() => findOrganisation(known, 'Med')).toThrow(
      expect.objectContaining({
        code: 'organisation/unknown',
        message: expect.stringContaining('Medsoft, Northwind') as unknown,
      }),
    );
    expect(() => findOrganisation([], 'Med')).toThrow(/registered with none/);
  });

  it('is asked for by id where two share the name', () => {
    const alike = known.map((each) => ({ ...each, name: 'Demo' }));
    expect(() => findOrganisation(alike, 'demo')).toThrow(
      expect.objectContaining({
        code: 'usage/invalid-input',
        message: expect.stringContaining('0a1b2c3d4e5f6071') as unknown,
      }),
    );
    expect(findOrganisation(alike, '0a1b2c3d4e5f6071').id).toBe('0a1b2c3d4e5f6071');
  });
});
