// What a `banyan://` link asks of a service. Read from the link in protocol/service-link.ts.
export interface ServiceLink {
  wants: 'open' | 'connect';
  service: string;
}
