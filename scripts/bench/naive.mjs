// The candidate "naive Node": what one writes first. TCP: `tls.connect` with all options for each connection, and pipe.
// CHAIN: a proxy that pays a cold TLS connection and a CONNECT for each tunnel; it shares one TLS context, so that the
// comparison is about the connection and not about parsing certificates.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { connect, createSecureContext } from 'node:tls';
import { SERVER_NAME, SERVICES } from './services.mjs';

const { ports, tier, pki } = JSON.parse(process.argv[2]);
const read = (name) => readFileSync(path.join(pki, name));
const identity = { key: read('client.key'), cert: read('client.pem'), ca: read('ca.pem') };
const secureContext = createSecureContext(identity);
const END_OF_HEAD = '\r\n\r\n';

const give = (near, far) => {
  near.on('error', () => far.destroy());
  far.on('error', () => near.destroy());
  near.on('close', () => far.destroy());
  far.on('close', () => near.destroy());
};

function serveTcp(near, to) {
  const far = connect({ ...to, ...identity, servername: SERVER_NAME });
  give(near, far);
  near.pipe(far).pipe(near);
}

function serveConnect(near, to) {
  let request = '';
  const read = (chunk) => {
    request += chunk.toString('latin1');
    if (!request.includes(END_OF_HEAD)) return;
    near.off('data', read);
    near.pause();
    const far = connect({ ...to, secureContext, servername: SERVER_NAME });
    give(near, far);
    // Its own answer, and the early byte's echo, come from the far side: the request travels on as it is.
    far.write(request, 'latin1');
    near.pipe(far).pipe(near);
  };
  near.on('data', read);
}

for (const [name, { offset, mode }] of Object.entries(SERVICES)) {
  const to = { host: tier.host, port: tier.port + offset };
  const serve = mode === 'CHAIN' ? serveConnect : serveTcp;
  createServer((near) => serve(near, to)).listen(ports[name], '127.0.0.1');
}
process.stdin.on('end', () => process.exit(0)).resume();
