// Opens a web service in the system browser: a ticket from the organisation vouches for this device there.
import { AppError } from '../../../shared/errors.ts';
import type { OrganisationDocument } from '../../../shared/protocol/organisation.ts';
import { problemDocument, refusalError } from '../../../shared/protocol/refusals.ts';
import { ticketAnswer } from '../../../shared/protocol/ticket.ts';
import type { Access } from '../catalog/catalog.ts';
import { invalidAnswer } from '../organisation/failures.ts';
import { parseJson } from '../organisation/first-trust.ts';
import { deviceRefused, isUnknownThere, readRefusal } from '../organisation/refusals.ts';
import type { ClientPorts } from '../ports.ts';
import type { State } from '../state.ts';
import { refuseToOpen } from './admission.ts';

export interface WebServicesOptions {
  ports: Pick<ClientPorts, 'browser' | 'log'>;
  state: State;
  /** Rejects with why there is none. */
  access: () => Access;
  /** The token was not accepted. */
  onRefused: () => void;
  onDeviceRevoked: (reason: string) => void;
}

export function createWebServices(options: WebServicesOptions) {
  const { ports, state } = options;

  /** Address of the page that lets the browser in. It is a secret for a minute: it goes to the browser alone. */
  async function fetchTicket(service: string): Promise<string> {
    const { membership, trustToken } = options.access();
    const { connection, document } = membership;
    const url = `${document.command_center}/ticket`;
    const { host } = new URL(url);
    const answer = await connection.ask({
      method: 'POST',
      url,
      headers: { authorization: `Bearer ${trustToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ service }),
    });
    if (answer.status === 201) {
      const ticket = ticketAnswer.safeParse(parseJson(answer.body));
      if (!ticket.success) throw invalidAnswer(host, 'it is no ticket', ticket.error);
      if (!isPageOf(document, ticket.data.url)) {
        throw invalidAnswer(host, 'it leads to a page that is not of your organisation');
      }
      return ticket.data.url;
    }
    const said = parseJson(answer.body);
    const { code, detail = '' } = problemDocument.partial().safeParse(said).data ?? {};
    if (code === 'service_unknown') throw new AppError('catalog/service-not-found', detail);
    if (isUnknownThere(answer)) {
      throw new AppError(
        'organisation/lacks-feature',
        `The server of ${document.name} is older than this app and cannot open web services.`,
      );
    }
    const refusal = readRefusal(answer);
    if (!refusal) throw invalidAnswer(host, 'it is no ticket');
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
  }

  /** With a ticket in it. */
  async function page(id: string): Promise<string> {
    options.access(); // who is not signed in has no list to look in
    const service = state.slices.catalog.services.find((each) => each.id === id);
    if (!service) {
      throw new AppError('catalog/service-not-found', 'That service is not in your list.');
    }
    if (service.type !== 'WEB') {
      throw new AppError('web/not-a-web-service', `${service.friendlyName} is no web service.`);
    }
    if (service.access.status === 'denied') throw refuseToOpen(service);
    return fetchTicket(id);
  }

  return {
    page,
    async open(id: string): Promise<void> {
      const url = await page(id);
      try {
        await ports.browser.open(url);
      } catch (error) {
        // Not with its address: the ticket would be in the log.
        ports.log.warn('no browser could be started', { reason: (error as Error).name });
        throw new AppError('web/no-browser', 'No browser could be started on this computer.');
      }
    },
  };
}

/** What the system browser is given comes from a server: only the sign-in pages of this organisation are opened. */
function isPageOf(document: OrganisationDocument, url: string): boolean {
  const { origin } = new URL(url);
  return origin === new URL(document.browser_origin ?? document.issuer).origin;
}
