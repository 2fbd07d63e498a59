import { describe, expect, it } from 'vitest';
import { forBrowser } from '../../../../../src/main/client/identity/oidc.ts';

const page = (origin: string) => new URL(`${origin}/auth?request_uri=x`);

describe('the page that the browser opens', () => {
  it("is the demo's plain one when the issuer is this computer", () => {
    for (const origin of [
      'https://demo.localhost:8440',
      'https://localhost:8440',
      'https://127.0.0.5:8440',
      'https://[::1]:8440',
    ]) {
      expect(forBrowser(page(origin), new URL(origin), 'http://127.0.0.1:8442')).toBe(
        'http://127.0.0.1:8442/auth?request_uri=x',
      );
    }
  });

  it('stays https when the issuer is elsewhere, whatever the document says', () => {
    for (const origin of [
      'https://login.example.com',
      'https://localhost.example.com',
      'https://127.0.0.1.example.com',
    ]) {
      expect(forBrowser(page(origin), new URL(origin), 'http://127.0.0.1:8442')).toBe(
        page(origin).href,
      );
    }
  });
});
