// The built-in demo organisation: an edge on loopback with its own certificate authority, people and backends.
import { startDemoBackends } from './demo/backends.ts';
import { demoDocuments, demoServiceId } from './demo/documents.ts';
import { createEdge, type Edge, type EdgeConfig, type Lifetimes } from './index.ts';
import type { Log } from './log.ts';
import { DEFAULT_POSTURE, type PostureRules } from './policy/posture.ts';

export interface DemoOptions {
  /** Folder of everything that is kept. */
  data: string;
  /** Default: Demo. */
  name?: string;
  /** Default: 8443 when it is free, else a free one. */
  accessTierPort?: number;
  /** Some others than usual, e.g. those of a run before. */
  ports?: Partial<EdgeConfig['ports']>;
  /** Every port a free one, for tests that run side by side. */
  freePorts?: boolean;
  /** false: browser pages and web services over https only, as in an organisation that is not on loopback. */
  plainPages?: boolean;
  lifetimes?: Partial<Lifetimes>;
  /** false: by invite only. */
  registersBySignIn?: boolean;
  /** Dana signs in there instead. */
  foreignIssuer?: EdgeConfig['foreignIssuer'];
  /** The same, with our own issuer in front of it. */
  upstream?: EdgeConfig['upstream'];
  database?: string;
  acme?: EdgeConfig['acme'];
  posture?: Partial<PostureRules>;
  log?: Log;
}

export interface DemoEdge {
  edge: Edge;
  /** `host:port` for the invite. */
  organisation: string;
  /** A fresh link, good once, 24 hours. */
  invite: string;
  browserOrigin: string;
  /** `host:port`; services are `<name>.demo.localhost` at this port. */
  accessTier: string;
  services: { id: string; domain: string; port: number }[];
  /** Who signs in; not a secret. */
  person: { email: string; password: string };
  /** `host:port` inside the collection `lab`. */
  lab: { allowed: string[]; denied: string[] };
  stop(drainMs?: number): Promise<void>;
}

export const DEMO_PERSON = { email: 'dana@demo.example', password: 'demo-password' } as const;
const HOST = 'demo.localhost';
/** What Dana may use; `vault` is listed as closed and `payroll` is not listed at all. */
const SERVICES = ['api', 'echo', 'lab', 'reports'];

export async function startDemoEdge(options: DemoOptions): Promise<DemoEdge> {
  const backends = await startDemoBackends();
  const preferred = (port: number) => ({ port: options.freePorts ? 0 : port, orFree: true });
  try {
    const edge = await createEdge({
      data: options.data,
      name: options.name ?? 'Demo',
      host: HOST,
      address: '127.0.0.1',
      ports: {
        public: preferred(8440),
        mutual: preferred(8441),
        browser: options.plainPages === false ? null : preferred(8442),
        accessTier:
          options.accessTierPort === undefined ? preferred(8443) : { port: options.accessTierPort },
        ...options.ports,
      },
      lifetimes: options.lifetimes ?? {},
      registersBySignIn: options.registersBySignIn ?? !options.foreignIssuer,
      ...(options.foreignIssuer && { foreignIssuer: options.foreignIssuer }),
      database: options.database,
      acme: options.acme,
      ...(options.upstream && { upstream: options.upstream }),
      documents: demoDocuments(backends),
      users: [{ id: 'u-dana', name: 'Dana Demo', groups: ['Engineering'], ...DEMO_PERSON }],
      posture: { ...DEFAULT_POSTURE, ...options.posture },
      prefill: DEMO_PERSON,
      log: options.log ?? (() => {}),
    });
    const { alpha, beta } = backends.ports;
    return {
      edge,
      organisation: edge.organisation,
      invite: await edge.createInvite(),
      browserOrigin: edge.document.browser_origin ?? '',
      accessTier: `${HOST}:${edge.accessTierPort}`,
      services: SERVICES.map((name) => ({
        id: demoServiceId(name),
        domain: `${name}.${HOST}`,
        port: edge.accessTierPort,
      })),
      person: DEMO_PERSON,
      lab: {
        allowed: [`alpha.lab.internal:${alpha}`, `beta.lab.internal:${beta}`],
        denied: [`gamma.lab.internal:${alpha}`, `alpha.lab.internal:${beta}`],
      },
      async stop(drainMs) {
        await edge.stop(drainMs);
        await backends.stop();
      },
    };
  } catch (error) {
    await backends.stop();
    throw error;
  }
}
