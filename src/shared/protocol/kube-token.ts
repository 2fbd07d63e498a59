// A token for one cluster: `POST <command_center>/kube-token`. See docs/protocol.md 6.
import { z } from '../schema.ts';
import { serviceId } from './text.ts';

export const kubeTokenRequest = z.object({ service: serviceId });

export const kubeTokenAnswer = z.object({
  /** A signed JWT, as a header can carry it and nothing else. */
  token: z
    .string()
    .max(16_384)
    .regex(/^[\w-]+\.[\w-]+\.[\w-]+$/),
  /** Seconds since the epoch; as far as JavaScript has dates. */
  expires_at: z.number().int().positive().max(8_640_000_000_000),
});
