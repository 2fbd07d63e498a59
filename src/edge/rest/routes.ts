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
  /** What it reads; absent: a body is nothing to it. */
  body?: 'json' | 'form' | undefined;
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

const read = (path: string, answer: Route['answer']): Route => ({
  method: 'GET',
  path: `${API}${path}`,
  role: 'read',
  answer,
});
const write = (
  method: Exclude<Route['method'], 'GET'>,
  path: string,
  answer: Route['answer'],
  body?: Route['body'],
): Route => ({ method, path: `${API}${path}`, role: 'write', ...(body && { body }), answer });

export function createRoutes(calls: Calls): Route[] {
  const documents = createDocuments(calls);
  return [
    ...documentRoutes(documents),
    ...attachmentRoutes(calls, documents.find),
    {
      // Clients exchange what they are given for an access token first. A key is one: it is asked for at every request anyway.
      ...write('POST', '/refresh_token', ({ key }) => Promise.resolve(said(key))),
      role: 'read',
    },
  ];
}

function documentRoutes({ list, put, enable, remove }: Documents): Route[] {
  return [
    read(
      '/registered_services',
      list('service', (each, request) => {
        const name = request.parameter('FriendlyName');
        // Those that come with the product: here are none.
        if (request.parameter('DefaultServices')?.toUpperCase() === 'TRUE') return false;
        return name === undefined || serviceRecord(each).FriendlyName === name;
      }),
    ),
    write('POST', '/insert_registered_service', put('service'), 'json'),
    write('POST', '/enable_registered_service', enable('service', true)),
    write('POST', '/disable_registered_service', enable('service', false)),
    write('DELETE', '/delete_registered_service', remove('service')),
    read(
      '/security_policies',
      list('policy', (each, request) => {
        const type = request.parameter('ServiceType')?.toUpperCase();
        if (type === undefined) return true;
        if (type === 'WEB' || type === 'TCP') return isWebPolicy(each) === (type === 'WEB');
        throw new AppError(
          'edge/value-invalid',
          `ServiceType has to be WEB or TCP, not "${type}".`,
        );
      }),
    ),
    write('POST', '/insert_security_policy', put('policy'), 'json'),
    write('DELETE', '/delete_security_policy', remove('policy')),
    read(
      '/security_roles',
      list('role', () => true),
    ),
    write('POST', '/insert_security_role', put('role'), 'json'),
    write('POST', '/enable_security_role', enable('role', true)),
    write('POST', '/disable_security_role', enable('role', false)),
    write('DELETE', '/delete_security_role', remove('role')),
  ];
}

type Documents = ReturnType<typeof createDocuments>;

function createDocuments(calls: Calls) {
  const listed = async (kind: Kind): Promise<Listed[]> =>
    (await calls['document.list']({ kind, definitions: true })).documents;
  /** Whole ids only: what is meant to be deleted is not guessed from its beginning. */
  const find = async (kind: Kind, id: string): Promise<Listed> => {
    const found = (await listed(kind)).find((each) => isCalled(kind, each, id));
    if (found) return found;
    throw new AppError('edge/not-found', `There is no ${kind} "${id}".`);
  };
  return {
    find,
    put:
      (kind: Kind) =>
      async ({ text, by }: RestRequest) => {
        const { id } = await calls['document.put']({ kind, text, file: BODY, onlyNew: false, by });
        return RECORDS[kind](await find(kind, id));
      },
    enable: (kind: 'service' | 'role', enabled: boolean) => async (request: RestRequest) => {
      const { id } = await find(kind, needed(request, ID[kind]));
      await calls['document.enable']({ kind, id, enabled, by: request.by });
      return said(`The ${kind} ${id} is ${enabled ? 'enabled' : 'disabled'}.`);
    },
    remove: (kind: Kind) => async (request: RestRequest) => {
      const { id } = await find(kind, needed(request, ID[kind]));
      await calls['document.delete']({ kind, id, by: request.by });
      return said(`The ${kind} ${id} is deleted.`);
    },
    list:
      (kind: Kind, matches: (document: Listed, request: RestRequest) => boolean) =>
      async (request: RestRequest) => {
        const id = request.parameter(ID[kind]);
        return (await listed(kind))
          .filter((each) => id === undefined || isCalled(kind, each, id))
          .filter((each) => matches(each, request))
          .map(RECORDS[kind]);
      },
  };
}

function attachmentRoutes(calls: Calls, find: Documents['find']): Route[] {
  const attachments = async () =>
    (await calls['attachment.list']()).attachments.map(attachmentRecord);
  const attach = async (wish: { policy: string; service: string; mode: string; by: string }) => {
    const policy = (await find('policy', wish.policy)).id;
    const service = (await find('service', wish.service)).id;
    const enforcing = enforcingOf(wish.mode);
    await calls['attachment.put']({ policy, service, enforcing, by: wish.by });
    return (await attachments()).find((each) => each.ServiceID === service);
  };
  const detach = async (request: RestRequest) => {
    const policy = (await find('policy', needed(request, 'PolicyID'))).id;
    const service = (await find('service', needed(request, 'ServiceID'))).id;
    const isMeant = (each: { ServiceID: string; PolicyName: string }) =>
      each.ServiceID === service && each.PolicyName === policy;
    if (!(await attachments()).some(isMeant)) {
      throw new AppError('edge/not-found', `${policy} is not attached to ${service}.`);
    }
    await calls['attachment.delete']({ service, by: request.by });
    return said(`The policy ${policy} is detached from ${service}.`);
  };
  const attachByParameters = (request: RestRequest) =>
    attach({
      policy: needed(request, 'PolicyID'),
      service: needed(request, 'ServiceID'),
      mode: needed(request, 'Enabled'),
      by: request.by,
    });
  const attachByDocument = ({ text, parts: [policy = ''], by }: RestRequest) => {
    const wish = readJson(text, attachBody);
    if (!wish.ok) throw new DocumentError(BODY, wish.problems);
    return attach({ policy, service: wish.value.attached_to_id, mode: wish.value.enabled, by });
  };
  return [
    write('POST', '/insert_security_attach_policy', attachByParameters, 'form'),
    write('PUT', '/policy/*/attach', async (request) => attachByDocument(request), 'json'),
    write('DELETE', '/delete_security_attach_policy', detach),
    read('/security_attach_policies', async (request) => {
      const policy = request.parameter('PolicyID');
      const isMeant = (each: { PolicyID: string; PolicyName: string }) =>
        policy === undefined || [each.PolicyID, each.PolicyName].includes(policy);
      return (await attachments()).filter(isMeant);
    }),
    read('/policy/attachment', attachments),
    // Of anything, and of any kind of thing that nothing is ever attached to, that is an empty list.
    read('/policy/attachment/*/*', async ({ parts: [type, id] }) =>
      (await attachments()).filter(
        (each) => each.AttachedToType === type && each.AttachedToID === id,
      ),
    ),
  ];
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
