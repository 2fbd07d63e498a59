// A certificate authority, a server and a client for one run: P-256, as the product issues them.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { run } from '../lib/steps.mjs';

/** Writes ca.pem, server.pem, client.pem, their .key files, and .both (certificate and key) for haproxy. @param {string} folder */
export async function makeCertificates(folder) {
  const openssl = (line) => run('openssl', line.split(' '), { cwd: folder });
  const newKey = (name) => openssl(`ecparam -name prime256v1 -genkey -noout -out ${name}.key`);
  const issue = async (name, alternativeNames, usage) => {
    await newKey(name);
    await openssl(`req -new -key ${name}.key -subj /CN=${name} -out ${name}.csr`);
    writeFileSync(
      path.join(folder, `${name}.ext`),
      `subjectAltName=${alternativeNames}\nextendedKeyUsage=${usage}\nkeyUsage=digitalSignature\nbasicConstraints=CA:FALSE\n`,
    );
    const signer = '-CA ca.pem -CAkey ca.key -CAcreateserial -days 2';
    await openssl(`x509 -req -in ${name}.csr ${signer} -extfile ${name}.ext -out ${name}.pem`);
    const both = ['pem', 'key'].map((kind) => readFileSync(path.join(folder, `${name}.${kind}`)));
    writeFileSync(path.join(folder, `${name}.both`), Buffer.concat(both));
  };
  await newKey('ca');
  const authority =
    '-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign';
  await openssl(`req -x509 -new -key ca.key -days 2 -subj /CN=benchmark ${authority} -out ca.pem`);
  await issue('server', 'DNS:localhost', 'serverAuth');
  await issue('client', 'DNS:client', 'clientAuth');
}
