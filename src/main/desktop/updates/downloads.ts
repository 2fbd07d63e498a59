// How electron-updater fetches files here: by Node, with the agent that the client gives for each download, and by https alone.
import { HttpExecutor } from 'builder-util-runtime';
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { type Agent, request } from 'node:https';
import type { DownloadOptions } from 'builder-util-runtime';

/** Of one download, redirects included. */
const MOST_REQUESTS = 10;

export class Downloads extends HttpExecutor<ClientRequest> {
  agent: Agent | undefined;
  readonly #largest: () => number;
  #requests = 0;

  /** @param largest bytes of the largest file of the signed list: who serves files need not be who signs them */
  constructor(largest: () => number) {
    super();
    this.#largest = largest;
  }

  /** A redirect to http:// is asked for by TLS all the same, and fails there. */
  override createRequest(
    options: RequestOptions,
    callback: (response: IncomingMessage) => void,
  ): ClientRequest {
    const how = { ...options, protocol: 'https:', agent: this.agent };
    const sent = request(how, (response) => {
      callback(response);
      let left = this.#largest();
      response.on('data', ({ length }: Buffer) => {
        left -= length;
        if (left < 0) response.destroy(new Error('longer than the signed list says'));
      });
    });
    this.#requests += 1;
    // electron-updater counts redirects from zero at each of them.
    if (this.#requests > MOST_REQUESTS) sent.destroy(new Error('redirected too often'));
    return sent;
  }

  /** What electron-updater calls beside that of its base. */
  download(url: URL, destination: string, options: DownloadOptions): Promise<string> {
    this.#requests = 0;
    return options.cancellationToken.createPromise((resolve, reject, onCancel) => {
      const { protocol, hostname, port, pathname, search } = url;
      const headers = options.headers ?? {};
      this.doDownload(
        { protocol, hostname, port, path: pathname + search, headers },
        {
          destination,
          options,
          onCancel,
          responseHandler: null,
          callback: (error) => (error ? reject(error) : resolve(destination)),
        },
        0,
      );
    });
  }
}
