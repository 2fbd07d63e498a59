// An engine that does what the test says: every call is kept, every fact comes from the test.
import type { Credentials, Engine, TunnelFact, TunnelSink } from '../../src/proxy/index.ts';
import type { WireError } from '../../src/shared/errors.ts';

export interface ScriptedEngine {
  /** For `ClientPorts.createEngine`. */
  create: (sink: TunnelSink) => Engine;
  tell(fact: TunnelFact): void;
  specs: Parameters<Engine['open']>[0][];
  closed: string[];
  /** Every set that was taken or turned down, in order. */
  credentials: (Credentials | null)[];
  refusedHeld: WireError[];
  checks: number;
}

export function scriptedEngine(answers: Partial<Engine> = {}): ScriptedEngine {
  let sink: TunnelSink = () => {};
  let port = 41_000;
  const script: ScriptedEngine = {
    create(given) {
      sink = given;
      return {
        open(spec) {
          script.specs.push(spec);
          if (answers.open) return answers.open(spec);
          return Promise.resolve({ host: spec.listen.host, port: spec.listen.port || (port += 1) });
        },
        close(id, drainMs) {
          script.closed.push(id);
          return answers.close?.(id, drainMs) ?? Promise.resolve();
        },
        setCredentials(credentials) {
          script.credentials.push(credentials);
          return answers.setCredentials?.(credentials) ?? Promise.resolve();
        },
        refuseHeld: (error) => void script.refusedHeld.push(error),
        checkWays: () => void (script.checks += 1),
        stop: (drainMs) => answers.stop?.(drainMs) ?? Promise.resolve(),
      };
    },
    tell: (fact) => sink(fact),
    specs: [],
    closed: [],
    credentials: [],
    refusedHeld: [],
    checks: 0,
  };
  return script;
}
