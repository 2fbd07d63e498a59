// Who is compared. Each gets the same four local ports, the same certificates and the same Access-Tier stand-in.
// Peers have no CHAIN mode: their fourth port is one more raw tunnel, and the client's CONNECT travels through it. That
// is a TLS connection and a CONNECT for each tunnel, as with the naive one, but with resumed handshakes.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { SERVER_NAME, SERVICES } from './services.mjs';

/**
 * @typedef {object} Place where one candidate runs
 * @property {import('./services.mjs').Ports} ports
 * @property {{ host: string, port: number }} tier
 * @property {string} pki
 * @property {string} folder its own
 */

/**
 * @typedef {object} Candidate
 * @property {string} id
 * @property {string} title
 * @property {boolean} [isOurs]
 * @property {boolean} [losesHalfClose] known to lose the end of what it carries when the client closes its half first
 * @property {(place: Place) => string[]} command
 * @property {string} version
 */

const STUNNEL = '/usr/bin/stunnel4';
const HAPROXY = '/usr/sbin/haproxy';
const NGINX = '/usr/sbin/nginx';
const NGINX_STREAM = '/usr/lib/nginx/modules/ngx_stream_module.so';

export const CANDIDATE_IDS = ['stunnel', 'haproxy', 'nginx', 'naive', 'engine-own', 'engine'];

/**
 * Those of the wanted candidates that can run here, and why the others cannot.
 * @param {string[]} wanted @param {{ node: string }} programs `node`: runs the judged engine and the naive one
 * @returns {{ candidates: Candidate[], missing: string[] }}
 */
export function findCandidates(wanted, { node }) {
  const candidates = [];
  const missing = [];
  for (const id of wanted) {
    const found = FINDERS[id](node);
    if (typeof found === 'string') missing.push(found);
    else candidates.push({ id, ...found });
  }
  return { candidates, missing };
}

const FINDERS = {
  stunnel: () =>
    existsSync(STUNNEL)
      ? {
          title: 'stunnel',
          version: says(STUNNEL, '-version'),
          command: (place) => [STUNNEL, configure(place, 'stunnel.conf', stunnelConfiguration)],
        }
      : `stunnel is not installed (Debian: stunnel4)`,
  haproxy: () =>
    existsSync(HAPROXY)
      ? {
          title: 'haproxy',
          version: says(HAPROXY, '-v'),
          command: (place) => [
            HAPROXY,
            '-db',
            '-f',
            configure(place, 'haproxy.cfg', haproxyConfiguration),
          ],
        }
      : 'haproxy is not installed (Debian: haproxy)',
  nginx: () =>
    existsSync(NGINX) && existsSync(NGINX_STREAM)
      ? {
          title: 'nginx',
          losesHalfClose: true,
          version: says(NGINX, '-v'),
          command: (place) => [
            NGINX,
            '-e',
            path.join(place.folder, 'nginx.log'),
            '-c',
            configure(place, 'nginx.conf', nginxConfiguration),
          ],
        }
      : 'nginx with its stream module is not installed (Debian: nginx-light, libnginx-mod-stream)',
  naive: (node) => ({
    title: `naive Node ${major(node)}`,
    losesHalfClose: true,
    version: nodeVersion(node),
    command: (place) => [node, script('naive.mjs'), JSON.stringify(place)],
  }),
  engine: (node) => ourEngine(node),
  'engine-own': (node) =>
    major(process.execPath) === major(node)
      ? `this machine's own Node is the judged one (${nodeVersion(node)}): no second Banyan column`
      : ourEngine(process.execPath),
};

const ourEngine = (node) => ({
  title: `Banyan Node ${major(node)}`,
  isOurs: true,
  version: nodeVersion(node),
  command: (place) => [node, script('engine.mjs'), JSON.stringify(place)],
});

const script = (name) => path.join(import.meta.dirname, name);
const says = (program, option) => {
  const { stdout, stderr } = spawnSync(program, [option], { encoding: 'utf8' });
  return (stdout + stderr).split('\n').find((line) => /\d\.\d/.test(line)) ?? '';
};
const major = (node) => ask(node, 'process.versions.node.split(".")[0]');
const nodeVersion = (node) =>
  ask(node, '`Node ${process.versions.node}, OpenSSL ${process.versions.openssl}`');
const answers = new Map();
const ask = (node, expression) => {
  const key = `${node} ${expression}`;
  if (!answers.has(key)) {
    answers.set(key, spawnSync(node, ['-p', expression], { encoding: 'utf8' }).stdout.trim());
  }
  return answers.get(key);
};

/** @param {Place} place @param {string} name @param {(place: Place, ways: { name: string, from: string, to: string }[]) => string} write */
function configure(place, name, write) {
  mkdirSync(place.folder, { recursive: true });
  const ways = Object.entries(SERVICES).map(([service, { offset }]) => ({
    name: service,
    from: `127.0.0.1:${place.ports[service]}`,
    to: `${place.tier.host}:${place.tier.port + offset}`,
  }));
  const file = path.join(place.folder, name);
  writeFileSync(file, write(place, ways));
  return file;
}

const stunnelConfiguration = ({ pki }, ways) =>
  `foreground = yes
pid =
syslog = no
debug = 3
${ways
  .map(
    ({ name, from, to }) => `[${name}]
client = yes
accept = ${from}
connect = ${to}
cert = ${pki}/client.pem
key = ${pki}/client.key
CAfile = ${pki}/ca.pem
verifyChain = yes
checkHost = ${SERVER_NAME}
sni = ${SERVER_NAME}
`,
  )
  .join('')}`;

const haproxyConfiguration = ({ pki }, ways) =>
  `global
  maxconn 9000
  nbthread 1
defaults
  mode tcp
  maxconn 9000
  timeout connect 10s
  timeout client 1h
  timeout server 1h
${ways
  .map(
    ({ name, from, to }) => `listen ${name}
  bind ${from} backlog 4096
  server tier ${to} ssl verify required ca-file ${pki}/ca.pem crt ${pki}/client.both sni str(${SERVER_NAME}) verifyhost ${SERVER_NAME}
`,
  )
  .join('')}`;

const nginxConfiguration = ({ pki, folder }, ways) =>
  `load_module ${NGINX_STREAM};
daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid ${folder}/nginx.pid;
error_log ${folder}/nginx.log error;
events { worker_connections 12000; }
stream {
  proxy_ssl on;
  proxy_ssl_certificate ${pki}/client.pem;
  proxy_ssl_certificate_key ${pki}/client.key;
  proxy_ssl_trusted_certificate ${pki}/ca.pem;
  proxy_ssl_verify on;
  proxy_ssl_verify_depth 2;
  proxy_ssl_name ${SERVER_NAME};
  proxy_ssl_server_name on;
  proxy_ssl_protocols TLSv1.2 TLSv1.3;
  proxy_ssl_session_reuse on;
  tcp_nodelay on;
  proxy_timeout 1h;
${ways.map(({ from, to }) => `  server { listen ${from} backlog=4096; proxy_pass ${to}; }\n`).join('')}}
`;
