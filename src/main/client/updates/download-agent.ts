// The way to a download, as to everything else: through the proxy of the settings, under the authorities that are trusted.
import { Agent } from 'node:https';
import { connect, type ConnectionOptions } from 'node:tls';
import { Duplex } from 'node:stream';
import { dialThroughProxy, type UpstreamProxy } from '../../../proxy/index.ts';
import type { ChooseProxy } from '../adapters/upstream-proxy.ts';

const CONNECT_MS = 10_000;

export class DownloadAgent extends Agent {
  readonly #chooseProxy: ChooseProxy;

  constructor(roots: readonly string[], chooseProxy: ChooseProxy) {
    super({ ca: [...roots] });
    this.#chooseProxy = chooseProxy;
  }

  override createConnection(
    ...[options, done]: Parameters<Agent['createConnection']>
  ): ReturnType<Agent['createConnection']> {
    const target = { host: String(options.host), port: Number(options.port) };
    const proxy = this.#chooseProxy(target);
    if (!proxy || !done) return super.createConnection(options, done);
    void this.#throughProxy(proxy, options, done);
    return undefined;
  }

  async #throughProxy(
    proxy: UpstreamProxy,
    options: Parameters<Agent['createConnection']>[0],
    done: NonNullable<Parameters<Agent['createConnection']>[1]>,
  ): Promise<void> {
    const target = { host: String(options.host), port: Number(options.port) };
    try {
      const socket = await dialThroughProxy(proxy, target, { deadlineMs: CONNECT_MS });
      // In a turn of its own: what `done` throws is no failed dial.
      setImmediate(() => done(null, connect({ ...(options as ConnectionOptions), socket })));
    } catch (error) {
      // Node's type asks for a stream beside the error, and looks at none.
      setImmediate(() => done(error as Error, new Duplex()));
    }
  }
}
