// The TrustTokens of our own issuer: for one device, with their session in their name.
import type { VerifyToken } from './identify.ts';
import { sessionOfToken, type Sessions } from './sessions.ts';
import type { TokenCheck } from './token-check.ts';

export const createOwnTokens =
  (tokens: TokenCheck, sessions: Sessions): VerifyToken =>
  async (token, device) => {
    const claims = await tokens.claims(token, device.id);
    if (claims?.device_id !== device.id) return null;
    const sessionId = sessionOfToken(claims.jti ?? '');
    return { claims, sessionId, isLive: await sessions.isLive(sessionId, device.id) };
  };
