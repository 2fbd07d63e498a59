// What a person, or whoever helps her, wants to know of a certificate. Never the certificate itself, let alone a key.

/** `login`: the TrustCert, with which programs reach services. */
export const CERTIFICATE_USES = ['login', 'device', 'authority'] as const;

export interface CertificateFacts {
  /** Distinguished names, e.g. `CN=dana, O=Demo`. */
  subject: string;
  issuer: string;
  /** Hexadecimal. */
  serial: string;
  /** Subject alternative names, as OpenSSL prints them, e.g. `email:dana@demo.example`. */
  names: readonly string[];
  /** Milliseconds since the epoch. */
  validFrom: number;
  validTo: number;
}

export interface OwnCertificate extends CertificateFacts {
  use: (typeof CERTIFICATE_USES)[number];
}
