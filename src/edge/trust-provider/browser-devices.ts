// The device phase of a browser that holds the certificate of its device itself: a Device Manager has put it there, and no app
// is needed. The sign-in goes round by the port that asks for certificates, and brings back a proof for this sign-in alone.
import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Handler, HttpRefusal } from '../http/exchange.ts';
import type { DeviceRecord, Store } from '../store/store.ts';
import { isLive, recordKey } from './adapter.ts';
import type { Identify } from './identify.ts';
import { sendErrorPage } from './pages.ts';

export const BROWSER_DEVICE = '/browser-device';
/** The browser comes back with it: a proof, or `none`. */
export const CERTIFICATE = 'certificate';

const NONE = 'none';
/** From one port to the other. */
const PROOF_SECONDS = 60;
/** That is no certificate of a device of this organisation, whatever else the browser holds it for. */
const IS_NONE = new Set(['certificate_missing', 'certificate_invalid', 'certificate_expired']);

export interface BrowserDevices {
  /** Where a browser is asked for its certificate; null: there is no Device Manager, so none has one. */
  wayFrom(interaction: string): string | null;
  /** Back from there. A proof is good once, for the sign-in that it was made for. */
  arrived(interaction: string, proof: string): Promise<void>;
  /** The device that this sign-in has shown; null: none, or it is not accepted any more. */
  of(interaction: string): Promise<DeviceRecord | null>;
  /** Answers on the port for devices. */
  show: Handler;
}

export interface BrowserDevicesOptions {
  volatile: Store;
  identify: Pick<Identify, 'device'>;
  /** Names of those that are trusted now. */
  deviceManagers(): readonly { name: string }[];
  /** Of the port for devices. */
  mutualOrigin: string;
  /** Address of the page of a sign-in. */
  pageOf(interaction: string): string;
  store: Store;
  /** Seconds that a sign-in may take. */
  life: number;
}

export function createBrowserDevices(options: BrowserDevicesOptions): BrowserDevices {
  const { volatile, store, identify, life } = options;
  const seconds = (): number => Math.floor(Date.now() / 1000);
  const proofKey = (proof: string): string =>
    recordKey('DeviceProof', createHash('sha256').update(proof).digest('base64url'));
  const shownKey = (interaction: string): string => recordKey('ShownDevice', interaction);

  async function prove(deviceId: string, interaction: string): Promise<string> {
    const proof = randomBytes(32).toString('base64url');
    const payload = { deviceId, interaction };
    const expiresAt = seconds() + PROOF_SECONDS;
    await volatile.put('issuer', proofKey(proof), { payload, expiresAt });
    return proof;
  }

  async function shownBy(request: IncomingMessage): Promise<DeviceRecord | null> {
    try {
      return await identify.device(request);
    } catch (error) {
      if (error instanceof HttpRefusal && IS_NONE.has(error.code ?? '')) return null;
      throw error;
    }
  }

  return {
    wayFrom: (interaction) =>
      options.deviceManagers().length === 0
        ? null
        : `${options.mutualOrigin}${BROWSER_DEVICE}?interaction=${interaction}`,
    async arrived(interaction, proof) {
      const record = await volatile.get('issuer', proofKey(proof));
      if (!isLive(record) || record.payload['interaction'] !== interaction) return;
      await volatile.delete('issuer', proofKey(proof));
      const payload = { deviceId: record.payload['deviceId'] };
      await volatile.put('issuer', shownKey(interaction), { payload, expiresAt: seconds() + life });
    },
    async of(interaction) {
      const record = await volatile.get('issuer', shownKey(interaction));
      if (!isLive(record)) return null;
      const device = await store.get('devices', String(record.payload['deviceId']));
      const isTrusted = options.deviceManagers().some(({ name }) => name === device?.manager);
      return device && isTrusted && !device.revoked && device.banned === undefined ? device : null;
    },
    async show(request: IncomingMessage, response: ServerResponse): Promise<void> {
      const [, interaction] = /\?interaction=([\w-]{1,64})$/.exec(request.url ?? '') ?? [];
      if (interaction === undefined) throw new HttpRefusal(400, 'No sign-in is named.');
      let proof = NONE;
      try {
        const device = await shownBy(request);
        if (device?.manager !== undefined) proof = await prove(device.id, interaction);
      } catch (error) {
        if (!(error instanceof HttpRefusal)) throw error;
        return sendErrorPage(response, error.status, error.message);
      }
      response
        .writeHead(303, {
          Location: `${options.pageOf(interaction)}?${CERTIFICATE}=${proof}`,
          'Cache-Control': 'no-store',
          'Referrer-Policy': 'no-referrer',
          'Content-Length': '0',
        })
        .end();
    },
  };
}
