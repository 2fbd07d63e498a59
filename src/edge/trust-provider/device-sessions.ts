// The device phase for browsers, which hold no DeviceCert of ours: the app fetches a ticket over mutual TLS, the browser trades
// it for a device session. Both are random, kept as hashes, and good only while the app's own session is.
import { createHash, randomBytes } from 'node:crypto';
import { z } from '../../shared/schema.ts';
import type { Store } from '../store/store.ts';
import { isLive, recordKey } from './adapter.ts';
import type { Identity } from './identify.ts';
import type { Sessions } from './sessions.ts';

const deviceSession = z.object({
  deviceId: z.string(),
  /** The app's session: what ends it, ends this one. */
  sessionId: z.string(),
  accountId: z.string(),
  /** End of the TrustToken that asked for the ticket, seconds since the epoch. */
  until: z.number(),
});
export type DeviceSession = z.output<typeof deviceSession>;
const ticketPayload = deviceSession.extend({
  serviceId: z.string(),
  /** Key of the device session that it was traded for. */
  opened: z.string().optional(),
});

export const TICKET_SECONDS = 60;

export interface DeviceSessions {
  /** Good once, for a minute, for this service first. */
  issueTicket(identity: Identity, serviceId: string): Promise<string>;
  /** What it would open, and as whom; nothing is used up. null: nothing. */
  look(ticket: string): Promise<{ serviceId: string; accountId: string } | null>;
  /** null: unknown, too old, or the session behind it is over. A second use also ends what the first one opened. */
  redeem(ticket: string): Promise<{ serviceId: string; secret: string } | null>;
  /** For a browser whose device and person are proven; returns its secret. */
  open(session: DeviceSession): Promise<string>;
  /** The live one that a browser's cookie names. */
  find(secret: string): Promise<DeviceSession | null>;
}

export function createDeviceSessions(
  volatile: Store,
  sessions: Sessions,
  ticketSeconds: number,
): DeviceSessions {
  const seconds = (): number => Math.floor(Date.now() / 1000);
  const keyOf = (kind: 'Ticket' | 'DeviceSession', secret: string): string =>
    recordKey(kind, createHash('sha256').update(secret).digest('base64url'));

  const keep = (key: string, session: DeviceSession): Promise<void> =>
    volatile.put('issuer', key, { payload: session, expiresAt: session.until });

  return {
    async open(session) {
      const secret = randomBytes(32).toString('base64url');
      await keep(keyOf('DeviceSession', secret), session);
      return secret;
    },
    async issueTicket({ device, claims, sessionId }, serviceId) {
      const ticket = randomBytes(32).toString('base64url');
      await volatile.put('issuer', keyOf('Ticket', ticket), {
        payload: {
          deviceId: device.id,
          sessionId,
          accountId: claims.sub,
          until: claims.exp,
          serviceId,
        },
        expiresAt: seconds() + ticketSeconds,
      });
      return ticket;
    },
    async look(ticket) {
      const record = await volatile.get('issuer', keyOf('Ticket', ticket));
      const payload = isLive(record) ? ticketPayload.safeParse(record.payload).data : undefined;
      return payload && payload.opened === undefined ? payload : null;
    },
    async redeem(ticket) {
      const key = keyOf('Ticket', ticket);
      const secret = randomBytes(32).toString('base64url');
      const opened = keyOf('DeviceSession', secret);
      // One step: of two browsers with the same ticket, one gets it.
      const isFirst = await volatile.change('issuer', key, (record) =>
        isLive(record) && record.payload['opened'] === undefined
          ? { ...record, payload: { ...record.payload, opened } }
          : undefined,
      );
      const record = await volatile.get('issuer', key);
      const payload = ticketPayload.safeParse(record?.payload).data;
      if (!payload) return null;
      if (!isFirst) {
        // Somebody else has seen it on its way: nobody keeps what it opened (as RFC 6749 4.1.2 has it for codes).
        if (payload.opened) await volatile.delete('issuer', payload.opened);
        return null;
      }
      const { serviceId, ...session } = payload;
      if (!(await sessions.isLive(session.sessionId, session.deviceId))) return null;
      await keep(opened, session);
      return { serviceId, secret };
    },
    async find(secret) {
      if (secret === '') return null;
      const record = await volatile.get('issuer', keyOf('DeviceSession', secret));
      const session = isLive(record) ? deviceSession.parse(record.payload) : null;
      if (!session || !(await sessions.isLive(session.sessionId, session.deviceId))) return null;
      return session;
    },
  };
}
