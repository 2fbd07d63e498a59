// Server-sent events of `GET <command_center>/events`. See docs/protocol.md 7.
import { z } from '../schema.ts';
import { refusalCode } from './refusals.ts';
import { label, sentence, serviceId } from './text.ts';

/** Event name → its data. Names are past participles; an unknown name is ignored. */
export const EVENTS = {
  /** Something this person may see has changed: fetch the catalogue again (with its ETag). */
  'catalog.changed': z.object({}),
  /** The Access Tier refused a connection of this device, or cut one that ran; in TCP mode the only way to learn why. */
  'connection.denied': z.object({
    /** Service id. */
    service: serviceId,
    code: refusalCode,
    reason: sentence,
    correlation_id: label,
  }),
  /** A limit of the Access Tier has ended a running connection: how long one may live, or be idle. */
  'connection.ended': z.object({
    service: serviceId,
    code: z.enum(['session_cap', 'inactive']),
    reason: sentence,
    correlation_id: label,
  }),
  /** The organisation ended this session: sign in again. */
  'session.ended': z.object({ reason: sentence }),
  /** The organisation no longer accepts this device. */
  'device.revoked': z.object({ reason: sentence }),
} as const;

export type EventName = keyof typeof EVENTS;
export type EventData<Name extends EventName> = z.output<(typeof EVENTS)[Name]>;
