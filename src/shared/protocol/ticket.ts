// A ticket for the browser: `POST <command_center>/ticket`. See docs/protocol.md 12.
import { z } from '../schema.ts';
import { serviceId } from './text.ts';

export const ticketRequest = z.object({ service: serviceId });

export const ticketAnswer = z.object({
  /** Page of the trust provider, with the ticket in it: a secret for a minute. */
  url: z.url({ protocol: /^https?$/ }).max(2048),
  expires_in: z.number().int().positive(),
});
