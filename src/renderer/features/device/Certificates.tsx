// What the certificates of this device and of its person say; read again whenever one of them has been renewed.
import { useEffect, useState } from 'react';
import type { OwnCertificate } from '../../../shared/model/certificate.ts';
import { certificateText } from '../../text/certificates.ts';
import { calendarDay, moment, timeLeft } from '../../text/time.ts';
import { words } from '../../text/common.ts';
import { CopyButton } from '../../ui/Copy.tsx';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { useNow } from '../../ui/use-now.ts';
import { useCall, useTruth } from '../../window-context.tsx';

const DAY_MS = 24 * 3_600_000;

export function Certificates() {
  const { certificates, error } = useCertificates();
  const now = useNow();
  if (error) return <ErrorNote error={error} />;
  return certificates.map((certificate) => (
    <details key={certificate.use} className="certificate fact-list">
      <summary className="fact">
        <span className="certificate-use">{certificateText.uses[certificate.use]}</span>
        <span className="sub">
          {certificateText.until(whenOf(certificate, now), timeLeft(certificate.validTo - now))}
        </span>
      </summary>
      <dl>
        {linesOf(certificate).map(([term, value]) => (
          <div key={term} className="fact">
            <dt>{term}</dt>
            <dd className="certificate-value">{value}</dd>
            <dd className="fact-copy">
              <CopyButton text={value} label={words.copy} />
            </dd>
          </div>
        ))}
      </dl>
    </details>
  ));
}

/** The hour of one that lasts a day; nobody waits for that of a year. */
const whenOf = ({ validTo }: OwnCertificate, now: number): string =>
  validTo - now < 3 * DAY_MS ? moment(validTo, now) : calendarDay(validTo);

const linesOf = ({ subject, issuer, serial, names }: OwnCertificate): [string, string][] => [
  [certificateText.subject, subject],
  ...(names.length > 0 ? [[certificateText.names, names.join('\n')] as [string, string]] : []),
  [certificateText.issuer, issuer],
  [certificateText.serial, serial],
];

function useCertificates() {
  const [certificates, setCertificates] = useState<readonly OwnCertificate[]>([]);
  const look = useCall('device.certificates');
  const ends = useTruth(({ slices: { device, session } }) =>
    [
      'device' in device && device.device.certificateExpiresAt,
      'expiresAt' in session && session.expiresAt,
    ].join(' '),
  );
  useEffect(() => {
    let isWanted = true;
    void look.run({}).then((found) => {
      if (found && isWanted) setCertificates(found);
    });
    return () => {
      isWanted = false;
    };
    // oxlint-disable-next-line react/exhaustive-deps -- `look` is another object at each turn and the same call
  }, [ends]);
  return { certificates, error: look.error };
}
