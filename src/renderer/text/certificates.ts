// What is said of certificates.
import type { OwnCertificate } from '../../shared/model/certificate.ts';

export const certificateText = {
  uses: {
    login: 'Your login',
    device: 'This device',
    authority: 'The organisation that issues them',
  } satisfies Record<OwnCertificate['use'], string>,
  until: (when: string, left: string) => `until ${when} · ${left}`,
  subject: 'Issued to',
  names: 'Names',
  issuer: 'Issued by',
  serial: 'Serial number',
};
