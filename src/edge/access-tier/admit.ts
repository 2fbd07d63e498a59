// Who is on this connection and may they in: certificate, device, session, policy. Asked on every connection, resumed
// ones included, and again for running ones whenever something changes and every half minute.
import type { TLSSocket } from 'node:tls';
import { exhaustive } from '../../shared/exhaustive.ts';
import type { TrustKey } from '../../shared/protocol/subject-alternative-names.ts';
import type { TrustTokenClaims } from '../../shared/protocol/trust-token.ts';
import type { ClientCertificates } from '../authority/client-certificates.ts';
import { type PublishedService, type Rulebook, subjectOf } from '../command-center/rulebook.ts';
import { UNREGISTERED_DEVICE } from '../devices.ts';
import type { Denial } from '../policy/decide.ts';
import type { L7Request } from '../policy/l7-rules.ts';
import type { PostureRules } from '../policy/posture.ts';
import type { Store } from '../store/store.ts';
import { sessionOfToken, type Sessions } from '../trust-provider/sessions.ts';
import type { Users } from '../trust-provider/users.ts';

export interface Caller {
  /** Empty: a browser on an unregistered device, at a web service that exempts those. */
  deviceId: string;
  sessionId: string;
  person: { email: string; groups: readonly string[] };
}

export type Admission =
  | { allowed: true; caller: Caller; wouldDeny?: Denial }
  /** `caller` where the certificate at least named one. */
  | { allowed: false; caller: Caller | null; denial: Denial };

export interface AdmitOptions {
  certificates: ClientCertificates;
  store: Store;
  sessions: Sessions;
  rulebook: Rulebook;
  /** Whether the rules in memory are those that hold; `current` waits until they are. */
  rules: { isCurrent(): boolean; current(): Promise<void> };
  posture: PostureRules;
  people: Pick<Users, 'asOfNow'>;
  exemptsUnregistered(service: PublishedService): boolean;
}

export interface Admit {
  connection(socket: TLSSocket, service: PublishedService): Promise<Admission>;
  /** The same without the certificate: it may expire while the connection goes on. The session may not. */
  again(caller: Caller, serviceId: string, request?: L7Request): Promise<Admission>;
}

export function createAdmit(options: AdmitOptions): Admit {
  const { certificates, store, sessions, rulebook, posture } = options;

  const judge = async (
    caller: Caller,
    service: PublishedService | undefined,
    request?: L7Request,
  ): Promise<Admission> => {
    const no = (code: Denial['code'], reason: string): Admission => ({
      allowed: false,
      caller,
      denial: { code, reason },
    });
    if (!service) return no('service_unknown', 'There is no such service any more.');
    const isExempted = caller.deviceId === '' && options.exemptsUnregistered(service);
    const device = isExempted ? UNREGISTERED_DEVICE : await store.get('devices', caller.deviceId);
    if (!device || device.revoked)
      return no('device_revoked', 'This device is no longer accepted.');
    // Without a device the sign-in belongs to the service itself.
    const holder = isExempted ? service.id : caller.deviceId;
    if (!(await sessions.isLive(caller.sessionId, holder))) {
      return no('session_ended', 'Your session has ended.');
    }
    if (device.banned !== undefined) return no('session_ended', device.banned);
    const person = await options.people.asOfNow(caller.person);
    if (!options.rules.isCurrent()) {
      await options.rules.current();
      return judge(caller, rulebook.service(service.id), request);
    }
    const decision = rulebook.decide(subjectOf(person, device, posture), service, request);
    return decision.allowed ? { ...decision, caller } : no(decision.code, decision.reason);
  };

  return {
    again: (caller, serviceId, request) => judge(caller, rulebook.service(serviceId), request),
    connection(socket, service) {
      const presented = certificates.trust(socket);
      const no = (denial: Denial, caller: Caller | null = null): Promise<Admission> =>
        Promise.resolve({ allowed: false, caller, denial });
      switch (presented.status) {
        case 'missing':
          return no({ code: 'certificate_missing', reason: 'A certificate is needed.' });
        case 'invalid':
          return no({ code: 'certificate_invalid', reason: 'That is no TrustCert of ours.' });
        case 'expired':
          return no(
            { code: 'certificate_expired', reason: 'Your certificate has expired.' },
            callerOf(presented.content),
          );
        case 'valid':
          return judge(callerOf(presented.content), service);
        default:
          return exhaustive(presented);
      }
    },
  };
}

export const callerOfToken = (claims: TrustTokenClaims): Caller => ({
  deviceId: claims.device_id,
  sessionId: sessionOfToken(claims.jti ?? ''),
  person: { email: claims.email, groups: claims.groups },
});

function callerOf(attributes: Map<TrustKey, string[]>): Caller {
  const one = (key: TrustKey): string => attributes.get(key)?.[0] ?? '';
  return {
    deviceId: one('device'),
    sessionId: sessionOfToken(one('token')),
    person: { email: one('email'), groups: attributes.get('group') ?? [] },
  };
}
