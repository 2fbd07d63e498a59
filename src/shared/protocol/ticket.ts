// A ticket for the browser: `POST <command_center>/ticket`. See docs/protocol.md 12.
import { z } from '../schema.ts';
import { serviceId } from './text.ts';

export const ticketRequest = z.object({ service: serviceId });
