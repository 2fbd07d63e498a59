import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { array, assert, constantFrom, oneof, pre, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  entriesIn,
  entryFor,
  fileOf,
  includeLine,
  includes,
  withInclude,
  withoutInclude,
} from '../../../../../src/main/client/integrations/ssh-config.ts';
import { missing } from '../../../../support/foreign-servers.ts';
import { aService } from '../../../../support/services.ts';
import { tempDir } from '../../../../support/temp-dir.ts';

const facts = {
  proxy: ['/usr/bin/node', '/opt/Banyan/banyanproxy.js'],
  certificates: '/home/dana/.config/banyanapp',
};
const bastion = aService({ type: 'SSH', id: 'bastion.demo.bnn', name: 'bastion' });
const lab = aService({
  type: 'SSH',
  mode: 'CHAIN',
  id: 'lab.demo.bnn',
  name: 'lab',
  sshHosts: '10.10.1.* *.lab.corp',
  ca: 'system',
});
const include = includeLine('/home/dana/.config/banyanapp/ssh_config');

describe('an entry', () => {
  it('of one server', () => {
    expect(entryFor(bastion, facts).text).toBe(`# Banyan service bastion.demo.bnn
Host bastion
  ProxyCommand /usr/bin/node /opt/Banyan/banyanproxy.js --certs /home/dana/.config/banyanapp --connect-to echo.demo.localhost:8443 echo.demo.localhost 8443
  HostKeyAlias bastion.demo.bnn
`);
  });

  it('of a collection: each host is asked for by its own name, and has a key of its own', () => {
    expect(entryFor(lab, facts).text).toBe(`# Banyan service lab.demo.bnn
Host 10.10.1.* *.lab.corp
  ProxyCommand /usr/bin/node /opt/Banyan/banyanproxy.js --certs /home/dana/.config/banyanapp --connect-to echo.demo.localhost:8443 --system-ca --mode CHAIN --target '%h:%p' echo.demo.localhost 8443
`);
  });

  it('is found again in the file', () => {
    const entries = [entryFor(bastion, facts), entryFor(lab, facts)];
    expect(entriesIn(fileOf(entries))).toEqual(entries);
    expect(entriesIn('# somebody wrote this\nHost x\n')).toEqual([]);
  });

  it('starts the program from folders with any name', (context) => {
    const reason = missing('ssh');
    if (reason) context.skip(reason);
    const folder = path.join(tempDir(), `it's 100% "odd" $HOME \`id\` [x]`);
    mkdirSync(folder);
    const script = path.join(folder, 'proxy.cjs');
    writeFileSync(script, 'process.stdout.write("SSH-2.0-" + process.argv[3] + "\\r\\n");');
    const { text } = entryFor(bastion, { proxy: [process.execPath, script], certificates: folder });
    const config = path.join(folder, 'config');
    writeFileSync(config, text, { mode: 0o600 });
    // The greeting of a server is a text; -v says what it was.
    const said = run('ssh', ['-v', '-F', config, 'bastion']);
    expect(said).toContain(`remote software version ${folder}`);
  });
});

describe('the line in the person’s file', () => {
  const content = oneof(
    string({ unit: constantFrom(...Array.from('\0\x07\t\n\r #"\\aÿé')) }),
    array(
      constantFrom('Host *', '  User dana', include, '# x', 'Include ~/.ssh/conf.d/*', ''),
    ).chain((lines) => constantFrom('\n', '\r\n').map((end) => lines.join(end))),
  );

  it('is taken out again without a trace, whatever else is there', () => {
    assert(
      property(content, (before) => {
        pre(!includes(before, include));
        const after = withInclude(before, include);
        expect(includes(after, include)).toBe(true);
        expect(withoutInclude(after, include)).toBe(before);
      }),
    );
  });

  it('made the file: without it there is none', () => {
    expect(withoutInclude(withInclude(null, include), include)).toBeNull();
    expect(withoutInclude(withInclude('', include), include)).toBe('');
    expect(withoutInclude(`${withInclude(null, include)}Host x\n`, include)).toBe('Host x\n');
  });

  it('is found after an editor has changed the ends of lines or the comment', () => {
    const edited = withInclude('Host x\n', include).replaceAll('\n', '\r\n');
    expect(includes(edited, include)).toBe(true);
    expect(withoutInclude(edited, include)).toBe('Host x\r\n');
    expect(withoutInclude(`# mine\n${include}\nHost x\n`, include)).toBe('# mine\nHost x\n');
  });

  it('is that of this home, not of another one', () => {
    const other = withInclude('', includeLine('/tmp/other/ssh_config'));
    expect(includes(other, include)).toBe(false);
    expect(withoutInclude(other, include)).toBe(other);
  });

  it.each(['plain', 'a b', `it's "odd"`, '[x]', 'a*b', 'q?', '{a,b}', 'back\\slash', 'ünï'])(
    'leads a real ssh into a folder named %j, and the rest of the file counts for all hosts',
    (name) => {
      if (missing('ssh')) return;
      const folder = path.join(tempDir(), name);
      mkdirSync(folder);
      const included = path.join(folder, 'ssh_config');
      writeFileSync(included, entryFor(bastion, facts).text, { mode: 0o600 });
      const config = path.join(folder, 'config');
      writeFileSync(config, withInclude('User dana\n', includeLine(included)), { mode: 0o600 });
      expect(run('ssh', ['-G', '-F', config, 'bastion'])).toMatch(/^proxycommand .*banyanproxy/m);
      const another = run('ssh', ['-G', '-F', config, 'another']);
      expect(another).toMatch(/^user dana$/m);
      expect(another).not.toMatch(/banyanproxy/);
    },
  );
});

/** All that it says, however it ends. */
function run(program: string, args: string[]): string {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: 'pipe', timeout: 4_000 });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    return stdout + stderr;
  }
}
