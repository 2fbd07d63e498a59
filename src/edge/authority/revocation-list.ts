// Which DeviceCerts hold no more, for whoever else relies on them (RFC 5280 5): here each connection asks the store. Made of
// what the store says now, so that the two cannot differ.
import type { Routes } from '../http/router.ts';
import { send } from '../http/exchange.ts';
import type { DeviceCertificateRecord, DeviceRecord, Store } from '../store/store.ts';
import type { Authority, RevokedCertificate } from './authority.ts';

/**
 * Over https, which RFC 5280 (8) advises against where it leads in a circle: certificates of servers are of another
 * intermediate, and have no list.
 */
export const REVOCATION_LIST = '/crl/device.crl';
/** Everybody may ask, and nobody keeps the edge busy with it. */
const FRESH_MS = 1_000;

export interface RevocationListOptions {
  authority: Pick<Authority, 'listRevoked'>;
  store: Pick<Store, 'list'>;
}

export function createRevocationList({ authority, store }: RevocationListOptions): Routes {
  let made: { list: Promise<Buffer>; at: number } | null = null;

  const make = async (): Promise<Buffer> => {
    const devices = new Map(await store.list('devices'));
    const certificates = await store.list('deviceCertificates');
    return authority.listRevoked(
      certificates.flatMap(([serial, certificate]) => {
        const refused = refusalOf(certificate, devices.get(certificate.deviceId));
        return refused ? [{ serial, ...refused }] : [];
      }),
    );
  };
  return {
    [`GET ${REVOCATION_LIST}`]: async (_, response) => {
      if (made === null || made.at + FRESH_MS < Date.now()) {
        const list = make();
        made = { list, at: Date.now() };
        list.catch(() => (made = null)); // whoever asks next tries again
      }
      // RFC 2585 4.2.
      send(response, 200, await made.list, { 'Content-Type': 'application/pkix-crl' });
    },
  };
}

function refusalOf(
  { endedAt }: DeviceCertificateRecord,
  device: DeviceRecord | undefined,
): Omit<RevokedCertificate, 'serial'> | null {
  const now = Math.floor(Date.now() / 1000);
  // Without a time: renewed in the moment in which the device was unregistered.
  if (!device) return { why: 'unregistered', at: endedAt ?? now };
  const at = device.refusedAt ?? now;
  if (device.revoked !== undefined) return { why: 'revoked', at };
  return device.banned === undefined ? null : { why: 'banned', at };
}
