// What the organisation gives to one service for a person on this device: the ticket of a web service, the token of a cluster.
// Asked for as this device and this session; nothing of it is kept.
import { AppError } from '../../../shared/errors.ts';
import type { Service } from '../../../shared/model/service.ts';
import type { OrganisationDocument } from '../../../shared/protocol/organisation.ts';
import { problemDocument, refusalError } from '../../../shared/protocol/refusals.ts';
import type { z } from '../../../shared/schema.ts';
import type { Access } from '../catalog/catalog.ts';
import { invalidAnswer } from '../organisation/failures.ts';
import { parseJson } from '../organisation/first-trust.ts';
import { deviceRefused, isUnknownThere, readRefusal } from '../organisation/refusals.ts';
import type { State } from '../state.ts';

export interface VouchersOptions {
  state: State;
  /** Rejects with why there is none. */
  access: () => Access;
  /** The token was not accepted. */
  onRefused: () => void;
  onDeviceRevoked: (reason: string) => void;
}

export interface Voucher<Schema extends z.ZodType> {
  /** Below the Command Center. */
  path: string;
  schema: Schema;
  /** In words: what it is, and what a server that has none of them cannot do. */
  is: string;
  use: string;
}

export type Vouchers = ReturnType<typeof createVouchers>;

export function createVouchers(options: VouchersOptions) {
  /** `service` undefined: it is not in her list. */
  function known(id: string): { service: Service | undefined; document: OrganisationDocument } {
    const { membership } = options.access(); // who is not signed in has no list to look in
    const { services } = options.state.slices.catalog;
    return { service: services.find((each) => each.id === id), document: membership.document };
  }

  return {
    known,

    /** Throws why she has no such service. */
    listed(id: string): Service {
      const { service } = known(id);
      if (service) return service;
      throw new AppError('catalog/service-not-found', 'That service is not in your list.');
    },

    async ask<Schema extends z.ZodType>(
      { path, schema, is, use }: Voucher<Schema>,
      service: string,
    ): Promise<{ answer: z.output<Schema>; document: OrganisationDocument }> {
      const { membership, trustToken } = options.access();
      const { connection, document } = membership;
      const url = `${document.command_center}/${path}`;
      const { host } = new URL(url);
      const answer = await connection.ask({
        method: 'POST',
        url,
        headers: { authorization: `Bearer ${trustToken}`, 'content-type': 'application/json' },
        body: JSON.stringify({ service }),
      });
      if (answer.status === 201) {
        const read = schema.safeParse(parseJson(answer.body));
        if (!read.success) throw invalidAnswer(host, `it is no ${is}`, read.error);
        return { answer: read.data, document };
      }
      const said = parseJson(answer.body);
      const { code, detail = '' } = problemDocument.partial().safeParse(said).data ?? {};
      if (code === 'service_unknown') throw new AppError('catalog/service-not-found', detail);
      if (isUnknownThere(answer)) {
        throw new AppError(
          'organisation/lacks-feature',
          `The server of ${document.name} is older than this app and cannot ${use}.`,
        );
      }
      const refusal = readRefusal(answer);
      if (!refusal) throw invalidAnswer(host, `it is no ${is}`);
      const problem = problemDocument.safeParse(said).data;
      if (refusal.about !== 'session') {
        if (refusal.about === 'revoked') options.onDeviceRevoked(refusal.detail);
        throw deviceRefused(document.name, refusal);
      }
      if (answer.status === 401 || !problem) {
        options.onRefused();
        throw new AppError('identity/session-expired', `${host} no longer accepts this session.`);
      }
      throw refusalError(problem.code, problem.detail, problem.correlation_id);
    },
  };
}
