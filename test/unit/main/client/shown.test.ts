import { describe, expect, it } from 'vitest';
import { createShown } from '../../../../src/main/client/shown.ts';
import { createState } from '../../../../src/main/client/state.ts';
import { AppError } from '../../../../src/shared/errors.ts';
import { aRegisteredDevice } from '../../../fixtures/snapshots.ts';
import { recordingLog } from '../../../fakes/recording-log.ts';

const person = { subject: 's', name: 'Amara', email: 'amara@demo.bnn', groups: [] };
const lost = new AppError('device/secret-lost', 'It is lost.').toWire();

function aShown() {
  const log = recordingLog();
  const shown = createShown(log);
  const told: string[] = [];
  shown.subscribe((name) => told.push(name));
  const aState = (organisation: string) => {
    const place = shown.place();
    const state = createState(log, place.tell);
    const { status: _, ...registration } = aRegisteredDevice(organisation);
    state.device({ type: 'registered', ...registration });
    return { state, show: () => place.show(state) };
  };
  return { shown, told, aState };
}

describe('what front ends see', () => {
  it('is nothing of a state before it is shown, then all of it, then what changes', () => {
    const { shown, told, aState } = aShown();
    const { state, show } = aState('Alpha');
    expect(told).toEqual([]);
    show();
    expect(shown.slices.device).toMatchObject({ organisation: { name: 'Alpha' } });
    told.length = 0;
    state.session({ type: 'sign-in-started', at: 0 });
    expect(told).toEqual(['session.changed']);
  });

  it('is nothing any more of a state once another one is shown, however late it speaks', () => {
    const { shown, told, aState } = aShown();
    const alpha = aState('Alpha');
    alpha.state.session({ type: 'sign-in-started', at: 0 });
    alpha.state.session({ type: 'signed-in', person, expiresAt: 1 });
    alpha.show();
    const before = { ...shown.revisions };
    const beta = aState('Beta');
    beta.show();
    expect(shown.slices).toMatchObject({
      device: { organisation: { name: 'Beta' } },
      session: { status: 'signed-out' },
    });
    for (const slice of ['device', 'session'] as const) {
      expect(shown.revisions[slice]).toBeGreaterThan(before[slice]);
    }
    told.length = 0;
    alpha.state.session({ type: 'expired', error: lost });
    alpha.state.device({ type: 'revoked', error: lost });
    alpha.state.catalog({ status: 'current', services: [] });
    expect(told).toEqual([]);
  });

  it('never is what is of one organisation under the name of another', () => {
    const { shown, aState } = aShown();
    const alpha = aState('Alpha');
    alpha.state.session({ type: 'sign-in-started', at: 0 });
    alpha.state.session({ type: 'signed-in', person, expiresAt: 1 });
    alpha.show();
    const mixed: string[] = [];
    shown.subscribe(() => {
      const { device, session } = shown.slices;
      if (device.status === 'registered' && device.organisation.name === 'Beta') {
        mixed.push(session.status);
      }
    });
    aState('Beta').show();
    expect(mixed).toEqual(['signed-out']);
  });
});
