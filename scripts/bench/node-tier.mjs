// The Access-Tier stand-in where no C compiler is there: slower, HTTP/1.1 CONNECT only, and it echoes whatever comes.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createServer } from 'node:tls';
import { SERVICES } from './services.mjs';

const [port, pki] = [Number(process.argv[2]), process.argv[3]];
const read = (name) => readFileSync(path.join(pki, name));
const identity = { key: read('server.key'), cert: read('server.pem'), ca: read('ca.pem') };
const END_OF_HEAD = '\r\n\r\n';

const echo = (socket) => socket.pipe(socket);

function answerConnect(socket) {
  socket.once('data', (chunk) => {
    const end = chunk.indexOf(END_OF_HEAD);
    if (end < 0) {
      socket.destroy();
      return;
    }
    socket.pause();
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    const early = chunk.subarray(end + END_OF_HEAD.length);
    if (early.length > 0) socket.unshift(early);
    echo(socket);
  });
}

for (const { offset, mode } of Object.values(SERVICES)) {
  const options = { ...identity, requestCert: true, rejectUnauthorized: true, allowHalfOpen: true };
  const server = createServer(options, (socket) => {
    socket.on('error', () => socket.destroy());
    if (mode === 'CHAIN') answerConnect(socket);
    else echo(socket);
  });
  await new Promise((resolve) => server.listen(port + offset, '127.0.0.1', resolve));
}
process.stdout.write('ready\n');
process.stdin.on('end', () => process.exit(0)).resume();
