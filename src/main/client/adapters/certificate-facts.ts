// Reads what certificates say, for people.
import { X509Certificate } from 'node:crypto';
import type { CertificateFacts } from '../../../shared/model/certificate.ts';

export function certificateFacts(pem: string): CertificateFacts {
  const read = new X509Certificate(pem);
  return {
    subject: oneLine(read.subject),
    issuer: oneLine(read.issuer),
    serial: read.serialNumber.toLowerCase(),
    names: read.subjectAltName?.split(', ') ?? [],
    validFrom: Date.parse(read.validFrom),
    validTo: Date.parse(read.validTo),
  };
}

const oneLine = (name: string): string => name.split('\n').join(', ');
