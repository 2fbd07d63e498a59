// Are the bytes right? Random data through the echo, before anything is measured: speed without this counts for nothing.
import { createHash, randomBytes } from 'node:crypto';
import { connect } from 'node:net';

const MEGABYTES = 2;
const AT_ONCE = 3;
const DEADLINE_MS = 10_000;
const END_OF_HEAD = '\r\n\r\n';

/**
 * Null when every byte came back in order, else what was wrong.
 * @param {number} port an echo, or with `target` a proxy that leads to one
 * @param {{ halfClose: boolean, target?: string }} how `halfClose`: the client ends its half right after its last byte
 * @returns {Promise<string | null>}
 */
export async function whatIsLost(port, how) {
  const results = await Promise.all(Array.from({ length: AT_ONCE }, () => echoOnce(port, how)));
  return results.find((result) => result !== null) ?? null;
}

function echoOnce(port, { halfClose, target }) {
  return new Promise((resolve) => {
    const data = randomBytes(MEGABYTES << 20);
    const hash = createHash('sha256');
    let received = 0;
    let head = target ? '' : null;
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const finish = (failure) => {
      clearTimeout(deadline);
      socket.destroy();
      resolve(failure);
    };
    const missing = (how) => `${received} of ${data.length} bytes came back${how}`;
    const deadline = setTimeout(() => finish(missing(` in ${DEADLINE_MS / 1000} s`)), DEADLINE_MS);
    const check = () => {
      if (received < data.length) return;
      if (received > data.length) finish('more bytes came back than were sent');
      else if (hash.digest('hex') !== createHash('sha256').update(data).digest('hex')) {
        finish('other bytes came back than were sent');
      } else if (halfClose) {
        // The end must come too: without it the client would wait for ever.
        if (!socket.readableEnded) socket.once('end', () => finish(null));
        else finish(null);
      } else finish(null);
    };
    socket.on('data', (chunk) => {
      let bytes = chunk;
      if (head !== null) {
        const known = head.length;
        head += chunk.toString('latin1');
        const end = head.indexOf(END_OF_HEAD);
        if (end < 0) return;
        if (!/^HTTP\/1\.[01] 200/.test(head)) return finish(`the answer was ${head.slice(0, 40)}`);
        bytes = chunk.subarray(end + END_OF_HEAD.length - known);
        head = null;
      }
      hash.update(bytes);
      received += bytes.length;
      check();
    });
    socket.on('error', (error) => finish(missing(`, then ${error.code}`)));
    socket.on('end', () => {
      if (received < data.length) finish(missing(', then the end'));
    });
    if (target) socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
    for (let at = 0; at < data.length;) {
      const size = 1 + Math.floor(Math.random() * 200_000);
      socket.write(data.subarray(at, at + size));
      at += size;
    }
    if (halfClose) socket.end();
  });
}
