// How electron-updater fetches files here: by Node, with the agent that the client gives for each download, and by https alone.
import { HttpExecutor } from 'builder-util-runtime';
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { type Agent, request } from 'node:https';
import type { DownloadOptions } from 'builder-util-runtime';

export class Downloads extends HttpExecutor<ClientRequest> {
  agent: Agent | undefined;

  /** A redirect to http:// is asked for by TLS all the same, and fails there. */
  override createRequest(
    options: RequestOptions,
    callback: (response: IncomingMessage) => void,
  ): ClientRequest {
    return request({ ...options, protocol: 'https:', agent: this.agent }, callback);
  }

  /** What electron-updater calls beside that of its base. */
  download(url: URL, destination: string, options: DownloadOptions): Promise<string> {
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
