// Opens a web service in the system browser: a ticket from the organisation vouches for this device there.
import { AppError } from '../../../shared/errors.ts';
import type { Service } from '../../../shared/model/service.ts';
import type { OrganisationDocument } from '../../../shared/protocol/organisation.ts';
import { ticketAnswer } from '../../../shared/protocol/ticket.ts';
import { invalidAnswer } from '../organisation/failures.ts';
import type { ClientPorts } from '../ports.ts';
import { refuseToOpen } from './admission.ts';
import type { Vouchers } from './vouchers.ts';

export interface WebServicesOptions {
  ports: Pick<ClientPorts, 'browser' | 'log'>;
  vouchers: Vouchers;
}

const TICKET = { path: 'ticket', schema: ticketAnswer, is: 'ticket', use: 'open web services' };

export function createWebServices({ ports, vouchers }: WebServicesOptions) {
  /** Address of the page that lets the browser in. It is a secret for a minute: it goes to the browser alone. */
  async function fetchTicket({ id }: Service): Promise<string> {
    const { answer, document } = await vouchers.ask(TICKET, id);
    if (isPageOf(document, answer.url)) return answer.url;
    const { host } = new URL(document.command_center);
    throw invalidAnswer(host, 'it leads to a page that is not of your organisation');
  }

  /** With a ticket in it. */
  async function page(id: string): Promise<string> {
    const service = vouchers.listed(id);
    if (service.type !== 'WEB') {
      throw new AppError('web/not-a-web-service', `${service.friendlyName} is no web service.`);
    }
    if (service.access.status === 'denied') throw refuseToOpen(service);
    return fetchTicket(service);
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
