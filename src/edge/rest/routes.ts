// The endpoints: which call of the administration each of them is, who may ask it, and what it reads. Nothing is decided
// here; what the terminal is refused is refused here too.
import { AppError } from '../../shared/errors.ts';
import { z } from '../../shared/schema.ts';
import type { Administration } from '../administration/administration.ts';
import type { ApiKeyRole } from '../administration/api-keys.ts';
import type { DOCUMENT_KINDS } from '../administration/calls.ts';
import { readJson } from '../json/read.ts';
import { DocumentError } from '../administration/document-error.ts';
import {
  attachmentRecord,
  isWebPolicy,
  type Listed,
  policyRecord,
  roleRecord,
  serviceRecord,
  uuidOf,
} from './records.ts';

type Kind = (typeof DOCUMENT_KINDS)[number];

export interface RestRequest {
  /** Of the query, or of a form; undefined where it is empty or absent. */
  parameter(name: string): string | undefined;
  /** Of the path, in its order. */
  parts: readonly string[];
  text: string;
  /** Who asks, for the audit. */
  by: string;
  key: string;
}

export interface Route {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** A `*` is one part of any name. */
  path: string;
  role: ApiKeyRole;
  /** What it reads, if it reads one. A body that it does not read is nothing to it. */
  body?: 'json' | 'form';
  answer(request: RestRequest): Promise<unknown>;
}

export const API = '/api/v1';
/** What documents are called in messages. */
const BODY = 'request body';

export type Calls = Pick<
  Administration,
  | 'document.list'
  | 'document.put'
  | 'document.enable'
  | 'document.delete'
  | 'attachment.list'
  | 'attachment.put'
  | 'attachment.delete'
>;

export function createRoutes(calls: Calls): Route[] {
  const listed = async (kind: Kind): Promise<Listed[]> =>
    (await calls['document.list']({ kind, definitions: true })).documents;
  /** Whole ids only: what is meant to be deleted is not guessed from its beginning. */
  const find = async (kind: Kind, id: string): Promise<Listed> => {
    const found = (await listed(kind)).find((each) => isCalled(kind, each, id));
    if (found) return found;
    throw new AppError('edge/not-found', `There is no ${kind} "${id}".`);
  };
  const put =
    (kind: Kind) =>
    async ({ text, by }: RestRequest) => {
      const { id } = await calls['document.put']({ kind, text, file: BODY, onlyNew: false, by });
      return RECORDS[kind](await find(kind, id));
    };
  const enable = (kind: 'service' | 'role', enabled: boolean) => async (request: RestRequest) => {
    const { id } = await find(kind, needed(request, ID[kind]));
    await calls['document.enable']({ kind, id, enabled, by: request.by });
    return said(`The ${kind} ${id} is ${enabled ? 'enabled' : 'disabled'}.`);
  };
  const remove = (kind: Kind) => async (request: RestRequest) => {
    const { id } = await find(kind, needed(request, ID[kind]));
    await calls['document.delete']({ kind, id, by: request.by });
    return said(`The ${kind} ${id} is deleted.`);
  };
  const list =
    (kind: Kind, matches: (document: Listed, request: RestRequest) => boolean) =>
    async (request: RestRequest) => {
      const id = request.parameter(ID[kind]);
      return (await listed(kind))
        .filter((each) => id === undefined || isCalled(kind, each, id))
        .filter((each) => matches(each, request))
        .map(RECORDS[kind]);
    };
  const attachments = async () =>
    (await calls['attachment.list']()).attachments.map(attachmentRecord);
  const attach = async (wish: { policy: string; service: string; mode: string; by: string }) => {
    const policy = (await find('policy', wish.policy)).id;
    const service = (await find('service', wish.service)).id;
    const enforcing = enforcingOf(wish.mode);
    await calls['attachment.put']({ policy, service, enforcing, by: wish.by });
    return (await attachments()).find((each) => each.ServiceID === service);
  };

  const routes: Route[] = [
    {
      method: 'GET',
      path: '/registered_services',
      role: 'read',
      answer: list('service', (each, request) => {
        const name = request.parameter('FriendlyName');
        return name === undefined || serviceRecord(each).FriendlyName === name;
      }),
    },
    {
      method: 'POST',
      path: '/insert_registered_service',
      role: 'write',
      body: 'json',
      answer: put('service'),
    },
    {
      method: 'POST',
      path: '/enable_registered_service',
      role: 'write',
      answer: enable('service', true),
    },
    {
      method: 'POST',
      path: '/disable_registered_service',
      role: 'write',
      answer: enable('service', false),
    },
    {
      method: 'DELETE',
      path: '/delete_registered_service',
      role: 'write',
      answer: remove('service'),
    },
    {
      method: 'GET',
      path: '/security_policies',
      role: 'read',
      answer: list('policy', (each, request) => {
        const type = request.parameter('ServiceType');
        return type === undefined || isWebPolicy(each) === (type.toUpperCase() === 'WEB');
      }),
    },
    {
      method: 'POST',
      path: '/insert_security_policy',
      role: 'write',
      body: 'json',
      answer: put('policy'),
    },
    { method: 'DELETE', path: '/delete_security_policy', role: 'write', answer: remove('policy') },
    { method: 'GET', path: '/security_roles', role: 'read', answer: list('role', () => true) },
    {
      method: 'POST',
      path: '/insert_security_role',
      role: 'write',
      body: 'json',
      answer: put('role'),
    },
    { method: 'POST', path: '/enable_security_role', role: 'write', answer: enable('role', true) },
    {
      method: 'POST',
      path: '/disable_security_role',
      role: 'write',
      answer: enable('role', false),
    },
    { method: 'DELETE', path: '/delete_security_role', role: 'write', answer: remove('role') },
    {
      method: 'POST',
      path: '/insert_security_attach_policy',
      role: 'write',
      body: 'form',
      answer: (request) =>
        attach({
          policy: needed(request, 'PolicyID'),
          service: needed(request, 'ServiceID'),
          mode: needed(request, 'Enabled'),
          by: request.by,
        }),
    },
    {
      method: 'PUT',
      path: '/policy/*/attach',
      role: 'write',
      body: 'json',
      async answer({ text, parts: [policy = ''], by }) {
        const read = readJson(text, attachBody);
        if (!read.ok) throw new DocumentError(BODY, read.problems);
        const { attached_to_id: service, enabled: mode } = read.value;
        return attach({ policy, service, mode, by });
      },
    },
    {
      method: 'DELETE',
      path: '/delete_security_attach_policy',
      role: 'write',
      async answer(request) {
        const policy = (await find('policy', needed(request, 'PolicyID'))).id;
        const service = (await find('service', needed(request, 'ServiceID'))).id;
        const isAttached = (await attachments()).some(
          (each) => each.ServiceID === service && each.PolicyName === policy,
        );
        if (!isAttached) {
          throw new AppError('edge/not-found', `${policy} is not attached to ${service}.`);
        }
        await calls['attachment.delete']({ service, by: request.by });
        return said(`The policy ${policy} is detached from ${service}.`);
      },
    },
    {
      method: 'GET',
      path: '/security_attach_policies',
      role: 'read',
      async answer(request) {
        const policy = request.parameter('PolicyID');
        const isMeant = (each: { PolicyID: string; PolicyName: string }) =>
          policy === undefined || [each.PolicyID, each.PolicyName].includes(policy);
        return (await attachments()).filter(isMeant);
      },
    },
    { method: 'GET', path: '/policy/attachment', role: 'read', answer: attachments },
    {
      method: 'GET',
      // Of anything, and of anything of a kind that is never attached to, that is an empty list.
      path: '/policy/attachment/*/*',
      role: 'read',
      answer: async ({ parts: [type, id] }) =>
        (await attachments()).filter(
          (each) => each.AttachedToType === type && each.AttachedToID === id,
        ),
    },
    {
      method: 'POST',
      // Clients exchange what they are given for an access token first. A key is one: it is asked for at every request anyway.
      path: '/refresh_token',
      role: 'read',
      answer: ({ key }) => Promise.resolve(said(key)),
    },
  ];
  return routes.map((route) => ({ ...route, path: `${API}${route.path}` }));
}

const RECORDS: Record<Kind, (listed: Listed) => object> = {
  service: serviceRecord,
  policy: policyRecord,
  role: roleRecord,
};
const ID: Record<Kind, string> = { service: 'ServiceID', policy: 'PolicyID', role: 'RoleID' };

const attachBody = z.object({
  attached_to_id: z.string().min(1),
  attached_to_type: z.literal('service', 'has to be "service": there is nothing else here'),
  enabled: z.union([z.string(), z.boolean().transform(String)]),
});

const isCalled = (kind: Kind, { id }: Listed, wanted: string): boolean =>
  id === wanted || (kind !== 'service' && uuidOf(kind, id) === wanted.toLowerCase());

const said = (Message: string) => ({ Message });

function needed(request: RestRequest, name: string): string {
  const value = request.parameter(name);
  if (value !== undefined) return value;
  throw new AppError('edge/value-invalid', `${name} is missing.`);
}

function enforcingOf(mode: string): boolean {
  const found = { TRUE: true, FALSE: false }[mode.toUpperCase()];
  if (found !== undefined) return found;
  const known = '"TRUE" (Enforcing) or "FALSE" (Permissive)';
  throw new AppError('edge/value-invalid', `Enabled has to be ${known}, not "${mode}".`);
}
