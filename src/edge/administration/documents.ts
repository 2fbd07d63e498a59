// Services, roles, policies and attachments as an administrator handles them: checked with path and line before anything
// is stored, and never so that something stored refers to nothing.
import { AppError } from '../../shared/errors.ts';
import type { DocumentProblem } from '../access-tier/access-tier.ts';
import { warningsOf } from '../access-tier/targets.ts';
import { HEADER_VARIABLES, unknownTemplates } from '../access-tier/web/headers.ts';
import type { CertificateState } from '../acme/certificates.ts';
import {
  DOCUMENTS,
  type PolicyDocument,
  type ServiceDocument,
  serviceDocument,
  serviceId,
  whyForWebOnly,
} from '../command-center/documents.ts';
import { isNothing } from '../command-center/fields.ts';
import type { Rulebook, StoredDocument } from '../command-center/rulebook.ts';
import type { Path } from '../json/parse.ts';
import { type Problem, problemAt, readJson, written } from '../json/read.ts';
import { unread } from '../json/unread.ts';
import { createTurns } from '../turns.ts';
import type { CallInput, DOCUMENT_KINDS } from './calls.ts';
import { DocumentError } from './document-error.ts';
import type { RecordChange } from './record-change.ts';

type Kind = (typeof DOCUMENT_KINDS)[number];

const API_VERSION = 'rbac.banyanops.com/v1';

export interface DocumentsOptions {
  rulebook: Rulebook;
  recordChange: RecordChange;
  /** Why this edge cannot serve it as it is defined. */
  problemsOf: (document: ServiceDocument) => Promise<DocumentProblem[]>;
  /** Another service that this one cannot be beside. */
  conflictOf: (id: string, document: ServiceDocument) => string | undefined;
  /** How a certificate that it gets by `letsencrypt` stands. */
  certificateOf: (document: ServiceDocument) => CertificateState | undefined;
}

export function createDocumentCalls(options: DocumentsOptions) {
  const { rulebook, recordChange } = options;
  const find = (kind: Kind, wanted: string): StoredDocument => {
    const all = rulebook.stored(kind);
    const named = all.filter(({ id }) => id === wanted || id.startsWith(`${wanted}.`));
    const found =
      all.find(({ id }) => id === wanted) ?? (kind === 'service' ? named[0] : undefined);
    if (found && (found.id === wanted || named.length === 1)) return found;
    const why = named.length > 1 ? `: ${named.map(({ id }) => id).join(', ')} begin so` : '';
    throw new AppError('edge/not-found', `There is no ${kind} "${wanted}"${why}.`);
  };
  const attachmentOf = (service: string) =>
    rulebook.stored('attachment').find(({ id }) => id === service);

  // What is checked still holds when it is stored: two changes at once could each take away what the other refers to.
  const inTurn = createTurns();

  const calls = {
    'document.list': ({ kind, definitions }: CallInput<'document.list'>) => {
      const documents = rulebook.stored(kind).map((stored) => ({
        ...facts(stored),
        ...(definitions && { definition: stored.definition }),
        ...(kind === 'service' && serviceFacts(rulebook, stored.id)),
        ...(kind === 'role' && { usedBy: usersOf(rulebook, 'role', stored.id) }),
        ...(kind === 'policy' && { usedBy: usersOf(rulebook, 'policy', stored.id) }),
      }));
      return Promise.resolve({ documents });
    },
    'document.show': ({ kind, id }: CallInput<'document.show'>) => {
      const stored = find(kind, id);
      const document = kind === 'service' ? rulebook.service(stored.id)?.document : undefined;
      const certificate = document?.spec.cert_settings.byAcme && options.certificateOf(document);
      return Promise.resolve({
        ...facts(stored),
        ...(certificate && { certificate }),
        definition: stored.definition,
      });
    },
    async 'document.put'(input: CallInput<'document.put'>) {
      const { kind, by } = input;
      const { id, definition } = await checked(options, input);
      const before = rulebook.stored(kind).find((stored) => stored.id === id);
      if (before && input.onlyNew) {
        throw new AppError('edge/in-use', `There is a ${kind} "${id}" already.`);
      }
      const stored = await rulebook.put(kind, definition, by);
      if (stored.version !== before?.version) {
        await recordChange({ action: `${kind}.put`, subject: id, version: stored.version, by });
      }
      const warnings = warningsAt(kind, definition);
      return {
        ...facts(stored),
        created: before === undefined,
        ...(warnings.length > 0 && { warnings }),
      };
    },
    async 'document.enable'({ kind, id: wanted, enabled, by }: CallInput<'document.enable'>) {
      const { id } = find(kind, wanted);
      if (kind === 'policy') {
        throw new AppError('edge/value-invalid', 'A policy is switched by how it is attached.');
      }
      await rulebook.setEnabled(kind, id, enabled);
      await recordChange({ action: `${kind}.${enabled ? 'enable' : 'disable'}`, subject: id, by });
      return { id, enabled };
    },
    async 'document.delete'({ kind, id: wanted, by }: CallInput<'document.delete'>) {
      const { id, enabled } = find(kind, wanted);
      if (kind === 'service' && enabled) {
        throw new AppError('edge/in-use', `${id} is switched on: disable it first.`);
      }
      const users = kind === 'service' ? [] : usersOf(rulebook, kind, id);
      if (users.length > 0) {
        const where = kind === 'role' ? 'policies' : 'services';
        throw new AppError(
          'edge/in-use',
          `The ${kind} "${id}" is used by ${where}: ${users.join(', ')}.`,
        );
      }
      await rulebook.remove(kind, id);
      await recordChange({ action: `${kind}.delete`, subject: id, by });
      return { id };
    },

    'attachment.list': () =>
      Promise.resolve({
        attachments: rulebook.stored('attachment').map((stored) => ({
          ...facts(stored),
          ...attachmentFacts(stored),
        })),
      }),
    async 'attachment.put'(input: CallInput<'attachment.put'>) {
      const service = find('service', input.service).id;
      const policy = find('policy', input.policy).id;
      const why = whyUnfit(policyOf(rulebook, policy), rulebook.service(service)?.document);
      if (why) {
        const message = `The policy "${policy}" ${why}: make one for TCP.`;
        throw new AppError('edge/value-invalid', message);
      }
      const Enabled = input.enforcing ? 'TRUE' : 'FALSE';
      const definition = { PolicyID: policy, ServiceID: service, Enabled };
      const before = attachmentOf(service);
      const { version } = await rulebook.put('attachment', definition, input.by);
      if (version !== before?.version) {
        const subject = `${service} ${policy} ${modeOf(input.enforcing)}`;
        await recordChange({ action: 'attachment.put', subject, version, by: input.by });
      }
      return { service, policy, mode: modeOf(input.enforcing), version };
    },
    async 'attachment.delete'({ service: wanted, by }: CallInput<'attachment.delete'>) {
      const service = find('service', wanted).id;
      if (!(await rulebook.remove('attachment', service))) {
        throw new AppError('edge/not-found', `No policy is attached to ${service}.`);
      }
      await recordChange({ action: 'attachment.delete', subject: service, by });
      return { service };
    },
  };
  return {
    ...calls,
    'document.put': (input: CallInput<'document.put'>) =>
      inTurn(() => calls['document.put'](input)),
    'document.enable': (input: CallInput<'document.enable'>) =>
      inTurn(() => calls['document.enable'](input)),
    'document.delete': (input: CallInput<'document.delete'>) =>
      inTurn(() => calls['document.delete'](input)),
    'attachment.put': (input: CallInput<'attachment.put'>) =>
      inTurn(() => calls['attachment.put'](input)),
    'attachment.delete': (input: CallInput<'attachment.delete'>) =>
      inTurn(() => calls['attachment.delete'](input)),
  };
}

/** Why this policy cannot decide about that service; null: it can. */
function whyUnfit(policy?: PolicyDocument, service?: ServiceDocument): string | null {
  const type = service?.metadata.tags.service_app_type;
  if (!policy || !service || type === 'WEB') return null;
  const why = whyForWebOnly(policy);
  return why && `${why}, and ${serviceId(service)} is ${type}`;
}

function policyOf(rulebook: Rulebook, wanted: string): PolicyDocument | undefined {
  const stored = rulebook.stored('policy').find(({ id }) => id === wanted);
  return stored && DOCUMENTS.policy.parse(stored.definition);
}

const modeOf = (isEnforcing: boolean) => (isEnforcing ? 'Enforcing' : 'Permissive');

const facts = ({ definition, ...stored }: StoredDocument) => {
  const { description } = (definition as { metadata?: { description?: unknown } }).metadata ?? {};
  return {
    ...stored,
    description: typeof description === 'string' ? description : '',
  };
};

function serviceFacts(rulebook: Rulebook, id: string) {
  const { domain = '', service_app_type: type = '' } =
    rulebook.service(id)?.document.metadata.tags ?? {};
  const attachment = rulebook.stored('attachment').find((each) => each.id === id);
  return { domain, type, ...(attachment && attachmentFacts(attachment)) };
}

function attachmentFacts({ definition }: StoredDocument) {
  const { PolicyID, ServiceID, Enabled } = DOCUMENTS.attachment.parse(definition);
  return { policy: PolicyID, service: ServiceID, mode: modeOf(Enabled) };
}

/** Policies that name a role, or services that a policy is attached to. */
const usersOf = (rulebook: Rulebook, kind: 'role' | 'policy', id: string): string[] =>
  kind === 'role'
    ? rulebook
        .stored('policy')
        .filter(({ definition }) =>
          DOCUMENTS.policy.parse(definition).spec.access.some(({ roles }) => roles.includes(id)),
        )
        .map((policy) => policy.id)
    : rulebook
        .stored('attachment')
        .map(attachmentFacts)
        .filter(({ policy }) => policy === id)
        .map(({ service }) => service);

/** Fields that say something and are not read. */
const unreadOf = (kind: Kind, definition: unknown) =>
  unread(DOCUMENTS[kind], definition)
    .filter(({ value }) => !isNothing(value))
    .map(({ path, near }) => ({
      path,
      near,
      reason: `is not read here${near === null ? '' : `: did you mean "${near}"?`}`,
    }));

/** What is no mistake, and hardly what was meant. */
function warningsAt(kind: Kind, definition: unknown): string[] {
  const ofFields = unreadOf(kind, definition)
    // Of services other tools keep much that is theirs; what roles and policies say is all about who gets in.
    .filter(({ path, near }) => near !== null || (kind !== 'service' && path[0] === 'spec'))
    .map(({ path, near, reason }) => `${written(path)} ${reason}${near === null ? '.' : ''}`);
  if (kind === 'role') {
    const conditions = Object.values(DOCUMENTS.role.parse(definition).spec);
    const isAnybody = conditions.every((value) => value === false || isNothing(value));
    return [...ofFields, ...(isAnybody ? ['It has no condition: everybody is of this role.'] : [])];
  }
  if (kind !== 'service') return ofFields;
  const { backend, http_settings: settings } = serviceDocument.parse(definition).spec;
  const ofHeaders = Object.entries(settings.headers).flatMap(([name, template]) =>
    unknownTemplates(template).map(
      (unknown) =>
        `${written(['spec', 'http_settings', 'headers', name])}: ${unknown} is no variable and always empty; known are ${HEADER_VARIABLES.join(', ')}.`,
    ),
  );
  return [...ofFields, ...ofHeaders, ...warningsOf(backend)];
}

/** Throws DocumentError with everything that is wrong. */
async function checked(
  { rulebook, conflictOf, problemsOf }: DocumentsOptions,
  { kind, text, file }: CallInput<'document.put'>,
) {
  const read = readJson(text, DOCUMENTS[kind]);
  if (!read.ok) {
    // Of a document of another kind the rest says nothing.
    const ofKind = read.problems.filter(({ path }) => path === 'kind');
    if (ofKind.length > 0) throw new DocumentError(file, ofKind);
    // What is missing may stand there under another name.
    const { json } = read;
    const slips = json ? unreadOf(kind, json.value).filter(({ near }) => near !== null) : [];
    const told = json ? slips.map(({ path, reason }) => problemAt(path, reason, json)) : [];
    throw new DocumentError(
      file,
      [...read.problems, ...told].toSorted((a, b) => a.line - b.line),
    );
  }
  const { json, value } = read;
  const definition = json.value as { apiVersion?: unknown };
  const problems: Problem[] = [];
  const wrong = (path: Path, reason: string) => problems.push(problemAt(path, reason, json));
  if (definition.apiVersion !== undefined && definition.apiVersion !== API_VERSION) {
    wrong(['apiVersion'], `has to be "${API_VERSION}"`);
  }
  // It may be about who gets in, and would say nothing.
  for (const { path, near, reason } of unreadOf(kind, definition)) {
    if (near !== null && path[0] === 'spec') wrong(path, reason);
  }
  const id = value.kind === 'BanyanService' ? serviceId(value) : value.metadata.name;
  if (value.kind === 'BanyanService') {
    const other = conflictOf(id, value);
    if (other) wrong(['metadata', 'tags', 'domain'], `is the domain of ${other} already`);
    else for (const { path, reason } of await problemsOf(value)) wrong(path, reason);
    const attached = rulebook.stored('attachment').find((each) => each.id === id);
    const policy = attached && attachmentFacts(attached).policy;
    const why = policy === undefined ? null : whyUnfit(policyOf(rulebook, policy), value);
    if (why) wrong(['metadata', 'tags', 'service_app_type'], `its policy "${policy}" ${why}`);
  }
  if (value.kind === 'BanyanPolicy') {
    for (const service of usersOf(rulebook, 'policy', id)) {
      const why = whyUnfit(value, rulebook.service(service)?.document);
      if (why) wrong(['spec', 'options'], `${why}, which it is attached to`);
    }
    const known = new Set(rulebook.stored('role').map((role) => role.id));
    for (const [at, { roles }] of value.spec.access.entries()) {
      for (const [index, role] of roles.entries()) {
        if (!known.has(role)) {
          wrong(['spec', 'access', at, 'roles', index], `there is no role "${role}"`);
        }
      }
    }
  }
  if (problems.length > 0) throw new DocumentError(file, problems);
  return { id, definition };
}
