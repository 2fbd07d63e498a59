// Where oidc-provider keeps its things. Clients are the registered devices; grants and refresh tokens outlive a
// restart; everything short-lived stays in memory. A grant is what the rest of the edge calls a session.
import type { Adapter, AdapterFactory, AdapterPayload } from 'oidc-provider';
import { deviceUri } from '../../shared/protocol/subject-alternative-names.ts';
import type { DeviceRecord, IssuerRecord, Store } from '../store/store.ts';
import { DEVICE_CODE_GRANT } from './device-code.ts';
import { TOKEN_ALGORITHM } from './secrets.ts';

const DURABLE = new Set(['Grant', 'RefreshToken']);
/** Revoked together with their grant. */
const BELONGS_TO_GRANT = ['AccessToken', 'AuthorizationCode', 'DeviceCode', 'RefreshToken'];
/** Kept a little longer than it is good, so that the device is told why it is not (RFC 8628 3.5). */
const EXPIRED_CODE_SECONDS = 600;

export interface AdapterOptions {
  durable: Store;
  volatile: Store;
  onSessionGone: (sessionId: string, deviceId: string) => void;
  /** Clients that are no devices. */
  otherClient: (id: string) => AdapterPayload | undefined;
}

export const recordKey = (model: string, id: string): string => `${model}:${id}`;
export const isLive = (record: IssuerRecord | undefined): record is IssuerRecord =>
  record !== undefined && (record.expiresAt === undefined || record.expiresAt > Date.now() / 1000);

export function createAdapter({
  durable,
  volatile,
  onSessionGone,
  otherClient,
}: AdapterOptions): AdapterFactory {
  const storeOf = (model: string): Store => (DURABLE.has(model) ? durable : volatile);

  const remove = async (model: string, id: string): Promise<void> => {
    const key = recordKey(model, id);
    const record = await storeOf(model).get('issuer', key);
    await storeOf(model).delete('issuer', key);
    const deviceId = record?.payload['clientId'];
    if (model === 'Grant' && typeof deviceId === 'string') onSessionGone(id, deviceId);
  };

  return (model: string): Adapter => {
    if (model === 'Client') return clients(durable, otherClient);
    const store = storeOf(model);
    const find = async (id: string): Promise<AdapterPayload | undefined> => {
      const record = await store.get('issuer', recordKey(model, id));
      return isLive(record) ? record.payload : undefined;
    };
    const findBy = async (name: string, value: string): Promise<AdapterPayload | undefined> => {
      for (const [key, record] of await store.list('issuer')) {
        if (key.startsWith(`${model}:`) && record.payload[name] === value && isLive(record)) {
          return record.payload;
        }
      }
      return undefined;
    };
    return {
      find,
      findByUid: (uid) => findBy('uid', uid),
      findByUserCode: (userCode) => findBy('userCode', userCode),
      upsert(id, payload, expiresIn) {
        const longer = model === 'DeviceCode' ? EXPIRED_CODE_SECONDS : 0;
        return store.put('issuer', recordKey(model, id), {
          payload: { ...payload },
          ...(expiresIn && { expiresAt: Math.floor(Date.now() / 1000) + expiresIn + longer }),
        });
      },
      async consume(id) {
        await store.change(
          'issuer',
          recordKey(model, id),
          (record) =>
            record && {
              ...record,
              payload: { ...record.payload, consumed: Math.floor(Date.now() / 1000) },
            },
        );
      },
      destroy: (id) => remove(model, id),
      async revokeByGrantId(grantId) {
        for (const owned of BELONGS_TO_GRANT) {
          for (const [key, record] of await storeOf(owned).list('issuer')) {
            if (key.startsWith(`${owned}:`) && record.payload['grantId'] === grantId) {
              await storeOf(owned).delete('issuer', key);
            }
          }
        }
      },
    };
  };
}

/** One OpenID Connect client per registered device; one that is revoked or banned is no client. Others are no devices. */
function clients(store: Store, otherClient: AdapterOptions['otherClient']): Adapter {
  const refuse = () =>
    Promise.reject(new Error('clients are devices and services, and do not change here'));
  return {
    async find(id) {
      const device = await store.get('devices', id);
      if (!device) return otherClient(id);
      return device.revoked || device.banned !== undefined ? undefined : clientOf(device);
    },
    findByUid: () => Promise.resolve(undefined),
    findByUserCode: () => Promise.resolve(undefined),
    upsert: refuse,
    consume: refuse,
    destroy: refuse,
    revokeByGrantId: () => Promise.resolve(undefined),
  };
}

const clientOf = (device: DeviceRecord): AdapterPayload => ({
  client_id: device.id,
  client_name: device.name,
  application_type: 'native',
  // RFC 8252 7.3: the port of a loopback redirect is chosen at the time of the request.
  redirect_uris: ['http://127.0.0.1/callback'],
  grant_types: ['authorization_code', 'refresh_token', DEVICE_CODE_GRANT],
  response_types: ['code'],
  id_token_signed_response_alg: TOKEN_ALGORITHM,
  token_endpoint_auth_method: 'tls_client_auth',
  // The name, not the thumbprint: a renewed certificate goes on working (RFC 8705 2.1.2).
  tls_client_auth_san_uri: deviceUri(device.id),
  require_pushed_authorization_requests: true,
});
