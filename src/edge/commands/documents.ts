// Commands about services, roles, policies and how they are attached.
import { readFile } from 'node:fs/promises';
import { text as textOf } from 'node:stream/consumers';
import type { DOCUMENT_KINDS } from '../administration/calls.ts';
import type { CallOutput } from '../administration/control-client.ts';
import { policyDocument, whyForWebOnly } from '../command-center/documents.ts';
import { listing, moment } from '../print.ts';
import { choiceOf, usage } from './arguments.ts';
import { type Command, type Context, positional } from './context.ts';
import { policyTemplate, roleTemplate, serviceTemplate } from './templates.ts';

type Kind = (typeof DOCUMENT_KINDS)[number];
type Listed = CallOutput<'document.list'>['documents'][number];

const TEMPLATES = { service: serviceTemplate, role: roleTemplate, policy: policyTemplate };

const COLUMNS: Record<Kind, [heading: string[], row: (listed: Listed) => string[]]> = {
  service: [
    ['SERVICE', 'TYPE', 'DOMAIN', 'STATE', 'POLICY', 'MODE', 'VERSION', 'CHANGED'],
    (listed) => [
      listed.id,
      listed.type ?? '',
      listed.domain ?? '',
      listed.enabled ? 'on' : 'off',
      listed.policy ?? 'none',
      listed.mode ?? '',
      ...change(listed),
    ],
  ],
  role: [
    // The longest comes last: a terminal breaks nothing that stands behind it.
    ['ROLE', 'STATE', 'VERSION', 'CHANGED', 'USED BY'],
    (listed) => [listed.id, listed.enabled ? 'on' : 'off', ...change(listed), used(listed)],
  ],
  policy: [
    ['POLICY', 'VERSION', 'CHANGED', 'ATTACHED TO'],
    (listed) => [listed.id, ...change(listed), used(listed)],
  ],
};

const used = ({ usedBy = [] }: Listed): string => usedBy.join(', ') || 'nothing';
const change = ({ version, changedAt, changedBy }: Listed): string[] => [
  String(version),
  `${moment(changedAt)} ${changedBy}`.trim(),
];

const list =
  (kind: Kind): Command =>
  async ({ call, print }) => {
    const { documents } = await call('document.list', { kind });
    const [heading, row] = COLUMNS[kind];
    print.result(
      { [PLURAL[kind]]: documents },
      listing(heading, documents.map(row), `There is no ${kind}.`),
    );
  };

const PLURAL = { service: 'services', role: 'roles', policy: 'policies' } as const;

const show =
  (kind: Kind): Command =>
  async (context) => {
    const shown = await context.call('document.show', { kind, id: positional(context) });
    const { definition, ...facts } = shown;
    context.print.result({ ...facts, definition }, JSON.stringify(definition, null, 2).split('\n'));
    // Beside the result, which can be put as it is.
    if (shown.certificate) context.print.note(certificate(shown.certificate));
  };

function certificate({
  directory,
  until,
  failed,
}: NonNullable<CallOutput<'document.show'>['certificate']>): string {
  const now = until === undefined ? 'none yet, so it cannot be reached' : `until ${moment(until)}`;
  const times = failed?.times === 1 ? 'The last order' : `The last ${failed?.times} orders`;
  const next = failed
    ? ` ${times} failed: ${failed.reason}. The next one is at ${moment(failed.nextOrder)}.`
    : '';
  return `Its certificate of ${directory}: ${now}.${next}`;
}

const put =
  (kind: Kind): Command =>
  async (context) => {
    const file = positional(context);
    const text = file === '-' ? await textOf(process.stdin) : await read(file);
    await store(context, kind, { text, file: file === '-' ? 'standard input' : file });
  };

const create =
  (kind: Kind): Command =>
  async (context) => {
    const name = positional(context);
    const policy = context.arguments.text('policy');
    const definition = TEMPLATES[kind](name, context.arguments);
    if (policy !== undefined) await refuseUnfit(context, policy);
    const text = JSON.stringify(definition, null, 2);
    const id = await store(context, kind, { text, file: name, onlyNew: true });
    if (policy !== undefined)
      await attachTo(context, policy, id, !context.arguments.has('permissive'));
  };

/** Before anything is stored: a service without its policy would be half of what was asked for. */
async function refuseUnfit({ call, arguments: given }: Context, policy: string): Promise<void> {
  const { definition } = await call('document.show', { kind: 'policy', id: policy });
  const why = whyForWebOnly(policyDocument.parse(definition));
  if (!why || given.text('type') === 'WEB') return;
  throw usage(`The policy "${policy}" ${why}: give --type WEB, or a policy made with --for tcp.`);
}

async function store(
  { call, print, by, arguments: given }: Context,
  kind: Kind,
  document: { text: string; file: string; onlyNew?: boolean },
): Promise<string> {
  const stored = await call('document.put', { kind, ...document, by });
  const what = stored.created ? 'Created' : 'Overwrote';
  // With --policy the attachment is the result.
  if (given.text('policy') === undefined) {
    print.result(stored, [`${what} ${kind} ${stored.id}, version ${stored.version}.`]);
  } else print.note(`${what} ${kind} ${stored.id}, version ${stored.version}.`);
  for (const warning of stored.warnings ?? []) print.note(warning);
  return stored.id;
}

async function attachTo(
  { call, print, by }: Context,
  policy: string,
  service: string,
  enforcing: boolean,
): Promise<void> {
  const attached = await call('attachment.put', { policy, service, enforcing, by });
  const sentence = `Policy ${attached.policy} is attached to ${attached.service}, ${attached.mode}.`;
  print.result(attached, [sentence]);
}

const enable =
  (kind: Kind, enabled: boolean): Command =>
  async (context) => {
    const { call, print, by } = context;
    const changed = await call('document.enable', { kind, id: positional(context), enabled, by });
    print.result(changed, [`${changed.id} is ${enabled ? 'on' : 'off'}.`]);
  };

const remove =
  (kind: Kind): Command =>
  async (context) => {
    const { call, print, by } = context;
    const removed = await call('document.delete', { kind, id: positional(context), by });
    print.result(removed, [`Removed ${kind} ${removed.id}.`]);
  };

const attach: Command = async (context) => {
  const mode = choiceOf(context.arguments, 'mode', ['enforcing', 'permissive']) ?? 'enforcing';
  await attachTo(context, positional(context, 0), positional(context, 1), mode === 'enforcing');
};

const detach: Command = async (context) => {
  const { call, print, by } = context;
  const detached = await call('attachment.delete', { service: positional(context), by });
  print.result(detached, [
    `No policy is attached to ${detached.service} any more: nobody gets in.`,
  ]);
};

const read = (file: string): Promise<string> =>
  readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw usage(`${file} cannot be read (${String(cause.code)}).`);
  });

export const documentCommands = {
  'service list': list('service'),
  'service show': show('service'),
  'service create': create('service'),
  'service put': put('service'),
  'service enable': enable('service', true),
  'service disable': enable('service', false),
  'service delete': remove('service'),
  'role list': list('role'),
  'role show': show('role'),
  'role create': create('role'),
  'role put': put('role'),
  'role enable': enable('role', true),
  'role disable': enable('role', false),
  'role delete': remove('role'),
  'policy list': list('policy'),
  'policy show': show('policy'),
  'policy create': create('policy'),
  'policy put': put('policy'),
  'policy delete': remove('policy'),
  attach,
  detach,
};
