// May this person on this device use this service now? Pure; every no has a code and a sentence without rule values
// other than the trust level that the person can work towards.
import { TRUST_LEVELS, type TrustLevel } from '../../shared/model/posture.ts';
import type { RefusalCode } from '../../shared/protocol/refusals.ts';
import { allowsRequest, deniesRequest, type L7Request, type L7Rule } from './l7-rules.ts';

export interface Subject {
  person: { email: string; groups: readonly string[] };
  device: {
    ownership: string;
    platform: string;
    serialNumber: string;
    trustLevel: TrustLevel;
    /** Whether a Device Manager vouches for it. */
    mdmPresent?: boolean;
  };
}

/** Empty lists mean "any"; different attributes must all match, one value of each suffices. */
export interface Role {
  name: string;
  group: readonly string[];
  email: readonly string[];
  device_ownership: readonly string[];
  platform: readonly string[];
  serial_numbers: readonly string[];
  mdm_present: boolean;
  known_device_only?: boolean;
}

export interface AccessRule {
  /** Names; any of them suffices. */
  roles: readonly string[];
  /** Least trust level; empty: none. */
  trust_level: TrustLevel | '' | 'AlwaysAllow';
  /** ISO 8601; empty: no limit. */
  start_time: string;
  end_time: string;
  /** Which requests of a web service; empty: all. */
  l7?: readonly L7Rule[];
}

export interface DecisionInput {
  subject: Subject;
  service: { enabled: boolean };
  /** null: no policy is attached. */
  policy: { access: readonly AccessRule[]; enforcing: boolean } | null;
  roles: readonly Role[];
  /** Milliseconds since the epoch. */
  now: number;
  /** Of a web service; absent: whether there is anything that is allowed there, of which each request is asked for again. */
  request?: L7Request | undefined;
}

export interface Denial {
  code: RefusalCode;
  reason: string;
}

export type Decision =
  /** `wouldDeny`: let in only because the policy is permissive. */
  { allowed: true; wouldDeny?: Denial } | ({ allowed: false } & Denial);

export function decide(input: DecisionInput): Decision {
  const { subject, service, policy, roles, now, request } = input;
  if (!service.enabled) return deny('service_disabled', 'This service is switched off.');
  if (!policy) return deny('no_policy', 'No policy is attached to this service.');

  const ofPerson = roles.filter((role) => isOfPerson(role, subject.person));
  const here = ofPerson.filter((role) => isOfDevice(role, subject.device));
  const rulesOf = (mine: readonly Role[]): readonly AccessRule[] => {
    const names = new Set(mine.map(({ name }) => name));
    return policy.access.filter((rule) => rule.roles.some((name) => names.has(name)));
  };
  const fitting = rulesOf(here);
  let closest = rulesOf(ofPerson).length > 0 ? OTHER_DEVICE : NO_ROLE;
  const isDenied = request && fitting.some(({ l7 = [] }) => deniesRequest(l7, request));
  for (const rule of fitting) {
    const isForbidden = isDenied || (request && !allowsRequest(rule.l7 ?? [], request));
    const failed =
      failedCondition(rule, subject.device.trustLevel, now) ?? (isForbidden ? FORBIDDEN : null);
    if (!failed) return { allowed: true };
    // The last one closest to a yes is what helps the person: a role alone never is.
    closest = failed;
  }
  return policy.enforcing ? { allowed: false, ...closest } : { allowed: true, wouldDeny: closest };
}

const NO_ROLE: Denial = { code: 'role', reason: 'None of your roles may use this service.' };
const OTHER_DEVICE: Denial = {
  code: 'device',
  reason: 'You may use this service, but not from this device.',
};
const FORBIDDEN: Denial = { code: 'resource', reason: 'Your roles do not allow this request.' };

const deny = (code: RefusalCode, reason: string): Decision => ({ allowed: false, code, reason });

const includes = (list: readonly string[], value: string): boolean =>
  list.some((each) => each.toLowerCase() === value.toLowerCase());
const fits = (list: readonly string[], ...values: readonly string[]): boolean =>
  list.length === 0 || values.some((value) => includes(list, value));

const isOfPerson = (role: Role, person: Subject['person']): boolean =>
  fits(role.group, ...person.groups) && fits(role.email, person.email);

function isOfDevice(role: Role, device: Subject['device']): boolean {
  return (
    fits(role.device_ownership, device.ownership) &&
    fits(role.platform, device.platform) &&
    fits(role.serial_numbers, device.serialNumber) &&
    !(role.known_device_only && device.platform === 'Unregistered') &&
    !(role.mdm_present && !device.mdmPresent)
  );
}

function failedCondition(rule: AccessRule, level: TrustLevel, now: number): Denial | null {
  const wanted = rule.trust_level;
  if (wanted === 'AlwaysDeny') {
    return { code: 'trust_level', reason: 'This service is closed for all devices.' };
  }
  if (level === 'AlwaysDeny') {
    return {
      code: 'trust_level',
      reason: 'Your device does not meet what is asked of every device.',
    };
  }
  if (
    wanted !== '' &&
    wanted !== 'AlwaysAllow' &&
    TRUST_LEVELS.indexOf(level) < TRUST_LEVELS.indexOf(wanted)
  ) {
    return {
      code: 'trust_level',
      reason: `Your device has to be at trust level ${wanted}.`,
    };
  }
  if (rule.start_time !== '' && now < Date.parse(rule.start_time)) {
    return { code: 'time', reason: 'This service is not open yet.' };
  }
  if (rule.end_time !== '' && now > Date.parse(rule.end_time)) {
    return { code: 'time', reason: 'This service is not open any more.' };
  }
  return null;
}
