// banyan certs
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { certificateFacts } from '../../main/client/adapters/certificate-facts.ts';
import { LOGIN_FILES } from '../../main/client/settings/layout.ts';
import type { CertificateFacts } from '../../shared/model/certificate.ts';
import { localTime } from '../../shared/local-time.ts';
import { type Command, snapshotOf } from '../context.ts';
import { table } from '../print.ts';
import { reachClient } from '../reach-client.ts';

interface Certificate extends CertificateFacts {
  file: string;
}

export const certs: Command = async ({ home, print }) => {
  const client = await reachClient(home, { readsOnly: true });
  try {
    const { device } = (await snapshotOf(client)).slices;
    const own = 'device' in device ? device.device : null;
    const files = [LOGIN_FILES.certificate, LOGIN_FILES.caCertificate];
    const found = await Promise.all(files.map((name) => certificatesIn(path.join(home, name))));
    const certificates = found.flat();
    const { name, certificateExpiresAt } = own ?? {};
    const why = own
      ? 'they come with a sign-in: banyan login.'
      : 'this device is not registered. Register it with an invite: banyan register.';
    print.result(
      { folder: home, device: own && { name, validTo: certificateExpiresAt }, certificates },
      [
        ...(own ? [`Device ${own.name}, until ${localTime(own.certificateExpiresAt)}`] : []),
        ...certificates.flatMap(words),
        ...(certificates.length > 0 ? [] : [`There are no login files in ${home}: ${why}`]),
      ],
    );
  } finally {
    await client.close();
  }
};

async function certificatesIn(file: string): Promise<Certificate[]> {
  const text = await readFile(file, 'utf8').catch(() => ''); // not signed in
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((pem) => ({ file, ...certificateFacts(pem) }));
}

const words = ({ file, subject, issuer, serial, names, validTo }: Certificate): string[] => [
  file,
  ...table([
    ['  for', subject],
    ['  by', issuer],
    ['  serial', serial],
    ...names.map((name) => ['  name', name]),
    ['  until', localTime(validTo)],
  ]),
];
