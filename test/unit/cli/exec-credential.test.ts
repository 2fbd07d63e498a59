import { describe, expect, it } from 'vitest';
import { execCredential, versionAsked } from '../../../src/cli/exec-credential.ts';

const token = { token: 'a.b.c', expiresAt: Date.UTC(2026, 10, 23, 4, 0, 7, 250) };
const asked = (version: string): string =>
  JSON.stringify({ kind: 'ExecCredential', apiVersion: version, spec: { interactive: false } });

describe('the ExecCredential', () => {
  it.each([
    ['a person', undefined, 'client.authentication.k8s.io/v1'],
    [
      'kubectl 1.20',
      asked('client.authentication.k8s.io/v1beta1'),
      'client.authentication.k8s.io/v1beta1',
    ],
    ['a newer one', asked('client.authentication.k8s.io/v1'), 'client.authentication.k8s.io/v1'],
  ])('is of the version that %s asks for', (_, info, apiVersion) => {
    expect(execCredential(token, versionAsked(info))).toEqual({
      apiVersion,
      kind: 'ExecCredential',
      status: { token: 'a.b.c', expirationTimestamp: '2026-11-23T04:00:07Z' },
    });
  });

  it.each([asked('client.authentication.k8s.io/v1alpha1'), '', 'null', '{'])(
    'is refused to whoever asks for %j',
    (info) => {
      expect(() => versionAsked(info)).toThrow(
        expect.objectContaining({ code: 'usage/invalid-input' }),
      );
    },
  );
});
