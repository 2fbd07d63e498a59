// @vitest-environment happy-dom
import { afterEach, expect, it } from 'vitest';
import type { StepResult } from '../../../src/shared/model/diagnosis.ts';
import { aSnapshot } from '../../fixtures/snapshots.ts';
import { type RenderedApp, renderApp } from '../../support/render-app.tsx';

let app: RenderedApp;
afterEach(() => app.unmount());

async function diagnosed(results: StepResult[]) {
  app = await renderApp(aSnapshot(), (fake) =>
    fake.answer('diagnostics.run', () => ({ service: null, at: 0, results })),
  );
  await app.click('Diagnostics');
  await app.click('Run');
}
const clock: StepResult = { step: 'clock', status: 'ok', reason: 'It is right.', tookMs: 41 };
const backend: StepResult = { step: 'backend', status: 'unknown', reason: 'A web one.', tookMs: 0 };

it('says how many steps could not be tried, and no time for them', async () => {
  await diagnosed([clock, backend]);
  expect(app.text()).toContain('No step fails; one could not be tried.');
  expect(app.text()).toContain('41 ms');
  expect(app.text()).not.toContain('0 ms');
});

it('says without a doubt that every step works', async () => {
  await diagnosed([clock]);
  expect(app.text()).toContain('Every step works.');
});
