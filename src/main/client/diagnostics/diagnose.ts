// Why does it not work? Every step is tried for real, one after the other; what depends on a step that failed is not tried.
import { rootCertificates, type ConnectionOptions } from 'node:tls';
import { AppError, toWireError } from '../../../shared/errors.ts';
import {
  type Diagnosis,
  type DiagnosisStep,
  STEP_NAMES,
  type StepResult,
} from '../../../shared/model/diagnosis.ts';
import type { SecretStoreKind } from '../../../shared/model/device.ts';
import type { Service } from '../../../shared/model/service.ts';
import { isSignedIn } from '../../../shared/model/session.ts';
import {
  formatHostPort,
  type HostAndPort,
  parseHostPort,
} from '../../../shared/protocol/host-port.ts';
import { ORGANISATION_DOCUMENT_PATH } from '../../../shared/protocol/organisation.ts';
import { PROBE_PROTOCOL } from '../../../shared/protocol/probe.ts';
import type { Membership } from '../device/membership.ts';
import { createConnection, type Network } from '../organisation/connection.ts';
import { clockSkew } from '../organisation/failures.ts';
import type { ClientPorts } from '../ports.ts';
import type { Runtime } from '../runtime.ts';
import { heard, lookUp, reach, shakeHands } from './way.ts';

/** Certificates and tokens are issued with some minutes to spare. */
const TOLERATED_SKEW_MS = 5 * 60_000;
/** A keychain may ask its person first. */
const KEYCHAIN_MS = 15_000;
const SPEAKS_WITHIN_MS = 2_000;
/** Nothing has this name: to ask for it shows whether the store answers, and touches no secret. */
const NO_SECRET = 'banyan-diagnosis';

/** It could not be told. */
class Unknown extends Error {}

interface Step {
  name: DiagnosisStep;
  /** Not tried where one of these has failed. */
  needs?: readonly DiagnosisStep[];
  /** A sentence about what is well. */
  look: () => Promise<string>;
}

export interface DiagnosisOptions {
  ports: Pick<ClientPorts, 'secrets' | 'clock' | 'log'>;
  network: Network;
  runtime: Pick<Runtime, 'state' | 'device' | 'access'>;
}

export async function diagnose(options: DiagnosisOptions, id: string | null): Promise<Diagnosis> {
  const { ports, runtime } = options;
  const at = ports.clock.now();
  const service = id === null ? null : findService(runtime, id);
  const membership = runtime.device.membership();
  const results: StepResult[] = [];
  for (const step of stepsFor(options, membership, service)) {
    results.push(await resultOf(step, results, membership !== null));
  }
  ports.log.info('diagnosis', {
    ...(service && { service: service.id }),
    results: results.map(({ step, status }) => `${step} ${status}`).join(', '),
  });
  return { service: id, at, results };
}

function findService({ state }: DiagnosisOptions['runtime'], id: string): Service {
  const found = state.slices.catalog.services.find((service) => service.id === id);
  if (found) return found;
  throw new AppError('catalog/service-not-found', `There is no service "${id}" for you.`);
}

async function resultOf(
  { name: step, needs = [], look }: Step,
  before: readonly StepResult[],
  isMember: boolean,
): Promise<StepResult> {
  const startedAt = performance.now();
  const result = (status: StepResult['status'], reason: string): StepResult => {
    const tookMs = Math.round(performance.now() - startedAt);
    return { step, status, reason, tookMs };
  };
  const broken = before.find((one) => one.status === 'failed' && needs.includes(one.step));
  if (broken) return result('unknown', `Not tried: ${STEP_NAMES[broken.step]} failed.`);
  if (!isMember && step !== 'keychain') {
    return result('unknown', 'This device is not registered with an organisation.');
  }
  try {
    return result('ok', await look());
  } catch (error) {
    if (error instanceof Unknown) return result('unknown', error.message);
    const wire = toWireError(error);
    return { ...result('failed', wire.message), error: wire };
  }
}

function stepsFor(
  options: DiagnosisOptions,
  membership: Membership | null,
  service: Service | null,
): Step[] {
  const { network } = options;
  const host = membership?.organisation.host ?? '';
  const target = service?.accessTier ?? parseHostPort(host, 443) ?? { host, port: 443 };
  const name = formatHostPort(target);
  const proxy = () => network.chooseProxy(target);
  const trust = trustFor(membership, service, target);
  const way: Step[] = [
    {
      name: 'proxy',
      async look() {
        const chosen = proxy();
        if (!chosen) return `No proxy is used for ${name}.`;
        (await reach(target, chosen)).destroy();
        return `${formatHostPort(chosen)} lets connections to ${name} through.`;
      },
    },
    {
      name: 'name',
      needs: ['proxy'],
      async look() {
        if (proxy()) throw new Unknown('Left to the proxy.');
        return `${target.host} is ${(await lookUp(target)).join(', ')}.`;
      },
    },
    {
      name: 'tcp',
      needs: ['proxy', 'name'],
      async look() {
        (await reach(target, proxy())).destroy();
        return `${name} takes connections${proxy() ? ' through the proxy' : ''}.`;
      },
    },
    {
      name: 'tls',
      needs: ['proxy', 'name', 'tcp'],
      async look() {
        const socket = await shakeHands(await reach(target, proxy()), target, trust);
        const protocol = socket.getProtocol() ?? 'TLS';
        socket.destroy();
        return `${protocol}; the certificate of ${name} is the right one.`;
      },
    },
  ];
  return [
    { name: 'keychain', look: () => secretsAnswer(options) },
    { name: 'clock', look: () => clockIsRight(options, host) },
    ...way,
    // Of the organisation, which need not be where the service is.
    {
      name: 'certificate',
      needs: service ? [] : ['proxy', 'name', 'tcp', 'tls'],
      look: () => certificateHolds(options),
    },
    ...(service ? serviceSteps(options, service, target, trust) : []),
  ];
}

function trustFor(
  membership: Membership | null,
  service: Service | null,
  { host }: HostAndPort,
): ConnectionOptions {
  const ca = service?.ca === 'system' ? [...rootCertificates] : [membership?.root ?? ''];
  return { ca, servername: service?.domain ?? host };
}

const SECRETS_WORDS: Record<SecretStoreKind, string> = {
  keychain: 'The keychain answers.',
  file: 'The file of secrets is open.',
  memory: 'They are in memory, until Banyan stops.',
};

async function secretsAnswer({ ports, runtime }: DiagnosisOptions): Promise<string> {
  const { device } = runtime.state.slices;
  const kind = 'secrets' in device ? device.secrets : 'keychain';
  let cancel = (): void => {};
  const tooLong = new Promise<never>((_, reject) => {
    const why = new Unknown('It has not answered: perhaps it is asking for a password.');
    cancel = ports.clock.after(KEYCHAIN_MS, () => reject(why));
  });
  try {
    await Promise.race([ports.secrets[kind].get(NO_SECRET), tooLong]);
  } finally {
    cancel();
  }
  return SECRETS_WORDS[kind];
}

/** Asked without trust: a clock that is wrong makes every certificate look wrong. */
async function clockIsRight({ ports, network }: DiagnosisOptions, host: string): Promise<string> {
  const connection = createConnection({ root: null }, network);
  let date: number;
  try {
    const { headers } = await connection.ask({
      url: `https://${host}${ORGANISATION_DOCUMENT_PATH}`,
    });
    date = Date.parse(headers['date'] ?? '');
  } catch {
    throw new Unknown('The organisation does not answer, so there is nothing to compare with.');
  } finally {
    await connection.destroy();
  }
  if (Number.isNaN(date)) throw new Unknown('The organisation does not say what time it is.');
  const skewMs = date - ports.clock.now();
  if (Math.abs(skewMs) > TOLERATED_SKEW_MS) throw clockSkew(skewMs);
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  return seconds < 2
    ? 'The clock is right.'
    : `It differs by ${seconds} seconds: that does no harm.`;
}

async function certificateHolds({ ports, runtime }: DiagnosisOptions): Promise<string> {
  const { connection, document } = runtime.device.requireMembership();
  const { device } = runtime.state.slices;
  const until = 'device' in device ? device.device.certificateExpiresAt : 0;
  if (until <= ports.clock.now()) {
    throw new AppError('device/certificate-expired', 'The certificate of this device has ended.');
  }
  await connection.ask({ url: document.command_center });
  return `The organisation takes the certificate of this device, which is good until ${new Date(until).toLocaleDateString(undefined, { dateStyle: 'long' })}.`;
}

/** With the certificate of the person, as her programs' connections are made. */
function serviceSteps(
  { ports, network, runtime }: DiagnosisOptions,
  service: Service,
  target: HostAndPort,
  trust: ConnectionOptions,
): Step[] {
  const needs = ['proxy', 'name', 'tcp', 'tls', 'certificate'] as const;
  async function enter(protocols?: string[]) {
    const person = runtime.device.session();
    if (!person || !isSignedIn(runtime.state.slices.session)) {
      throw new Unknown('Nobody is signed in.');
    }
    return shakeHands(await reach(target, network.chooseProxy(target)), target, {
      ...trust,
      key: person.key,
      cert: person.certificate,
      ...(protocols && { ALPNProtocols: protocols }),
    });
  }
  return [
    {
      name: 'policy',
      needs,
      async look() {
        const { access, friendlyName, id } = service;
        if (access.status === 'denied') {
          const details = { refusal: access.code };
          throw new AppError(
            'tunnel/denied',
            access.reason || `${friendlyName} is closed for you.`,
            {
              details,
            },
          );
        }
        const since = ports.clock.now();
        const socket = await enter([PROBE_PROTOCOL]);
        const isAnswer = socket.alpnProtocol === PROBE_PROTOCOL;
        const said = isAnswer ? await heard(socket, SPEAKS_WITHIN_MS) : null;
        socket.destroy();
        if (said === null) throw new Unknown('This Access Tier cannot be asked.');
        if (said !== '') return `You may use ${friendlyName}.`;
        const bare = new AppError('tunnel/denied', 'The Access Tier does not let you in.');
        throw await runtime.access.whyRefused(id, since, bare);
      },
    },
    {
      name: 'backend',
      needs: [...needs, 'policy'],
      async look() {
        if (service.type === 'WEB' || service.mode !== 'TCP') {
          throw new Unknown('There is no single one to try: it depends on what is opened.');
        }
        const since = ports.clock.now();
        const socket = await enter();
        const said = await heard(socket, SPEAKS_WITHIN_MS);
        socket.destroy();
        if (said === null) {
          throw new Unknown('The connection stays open; it waits for a program to speak first.');
        }
        if (said !== '') return `${service.friendlyName} answers.`;
        const bare = new AppError(
          'tunnel/target-unreachable',
          `The Access Tier cannot reach ${service.friendlyName}, or it hangs up at once.`,
        );
        throw await runtime.access.whyRefused(service.id, since, bare);
      },
    },
  ];
}
