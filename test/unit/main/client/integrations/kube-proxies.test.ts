// Proxies in the person's kubeconfig, of several organisations, in whatever state she and kubectl have left it.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { createKubeProxies } from '../../../../../src/main/client/integrations/kube-proxies.ts';
import { layout } from '../../../../../src/main/client/settings/layout.ts';
import { recordingLog } from '../../../../fakes/recording-log.ts';
import { aService } from '../../../../support/services.ts';
import { tempDir } from '../../../../support/temp-dir.ts';

const [ALPHA, BETA] = ['a'.repeat(16), 'b'.repeat(16)] as const;
const OWN = `clusters:
- name: corp
  cluster:
    server: https://corp
- name: lab
  cluster:
    server: https://lab
contexts:
- name: work
  context: {cluster: corp}
- name: büro
  context: {cluster: lab}
`;
const service = aService({ id: 'dev.demo.bnn', type: 'K8S', mode: 'CHAIN' });

function aPerson() {
  const [home, folder] = [tempDir(), tempDir()];
  const personFile = path.join(folder, '.kube', 'config');
  mkdirSync(path.dirname(personFile));
  writeFileSync(personFile, OWN);
  const places = layout(home);
  let at = '127.0.0.1:8081';
  const of = (organisation: string) =>
    createKubeProxies({
      places,
      organisation,
      personFile,
      addressOf: () => at,
      addressFor: () => at,
      log: recordingLog(),
    });
  return {
    places,
    of,
    moveTo: (address: string) => void (at = address),
    read: () => readFileSync(personFile, 'utf8'),
    write: (text: string) => writeFileSync(personFile, text),
    /** As kubectl does. */
    dropComments: () =>
      writeFileSync(personFile, readFileSync(personFile, 'utf8').replaceAll(/ # .*/g, '')),
  };
}

describe('a proxy in the kubeconfig', () => {
  it('of another organisation is shown as such, and can be taken out', async () => {
    const person = aPerson();
    await person.of(ALPHA).add(service, 'work');
    person.dropComments();
    const beta = person.of(BETA);
    expect((await beta.look()).entries).toEqual([
      { service: service.id, name: 'work', organisation: ALPHA },
    ]);
    await beta.removeOf(null);
    expect(person.read()).toContain('proxy-url');
    await beta.remove('work');
    expect(person.read()).toBe(OWN);
    expect(existsSync(person.places.kubeProxies)).toBe(false);
  });

  it('of an organisation that is registered no more is swept up, and no other', async () => {
    const person = aPerson();
    await person.of(ALPHA).add(service, 'work');
    await person.of(BETA).add(service, 'büro');
    person.dropComments();
    await person.of(BETA).sweep([BETA]);
    expect((await person.of(BETA).look()).entries).toEqual([{ service: service.id, name: 'büro' }]);
    await person.of(BETA).removeOf(service.id);
    expect(person.read()).toBe(OWN);
  });

  it('follows the port without its mark', async () => {
    const person = aPerson();
    await person.of(ALPHA).add(service, 'work');
    person.dropComments();
    person.moveTo('[::1]:9');
    await person.of(ALPHA).renew([service]);
    expect(person.read()).toContain('proxy-url: http://[::1]:9\n');
    await person.of(ALPHA).remove('work');
    expect(person.read()).toBe(OWN);
  });

  it('that she has set to something else is hers', async () => {
    const person = aPerson();
    const alpha = person.of(ALPHA);
    await alpha.add(service, 'work');
    person.dropComments();
    person.write(person.read().replace('127.0.0.1:8081', 'proxy.corp:3128'));
    expect((await alpha.look()).entries).toEqual([]);
    await alpha.remove('work');
    expect(person.read()).toContain('proxy-url: http://proxy.corp:3128\n');
  });
});
