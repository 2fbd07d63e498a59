// A website under an authority that the test's client trusts, with an organisation document: where a person's address leads.
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { createTestPki } from './pki.ts';

export interface DocumentHost {
  /** `host:port`. */
  address: string;
  /** PEM. */
  root: string;
  /** By path. */
  pages: Map<string, string>;
  /** The document from now on. */
  serve(document: unknown): void;
}

const DOCUMENT = '/.well-known/banyan-app.json';

/** Without a document it is a website like any other. */
export async function startDocumentHost(document?: unknown): Promise<DocumentHost> {
  const pki = await createTestPki('Public authority');
  const { key, certificate } = await pki.issue({
    commonName: 'www.medsoft.localhost',
    dnsNames: ['www.medsoft.localhost'],
  });
  const pages = new Map<string, string>();
  const serve = (next: unknown): void => void pages.set(DOCUMENT, JSON.stringify(next));
  if (document !== undefined) serve(document);
  const server = createServer({ key, cert: certificate }, (request, response) => {
    const page = pages.get(request.url ?? '');
    response.writeHead(page === undefined ? 404 : 200).end(page);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { address: `www.medsoft.localhost:${port}`, root: pki.root, pages, serve };
}
