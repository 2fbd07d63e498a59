import { describe, expect, it } from 'vitest';
import { parseProxyArguments } from '../../../src/cli/proxy-arguments.ts';

const parse = (line: string) => parseProxyArguments(line.split(' ').filter(Boolean));

describe('banyanproxy arguments', () => {
  it('reads the line of the seeds', () => {
    expect(parse('-l 8081 my-tcp-service.example.com 8443')).toMatchObject({
      listen: { host: '127.0.0.1', port: 8081 },
      service: { host: 'my-tcp-service.example.com', port: 8443 },
      accessTier: null,
      mode: 'TCP',
    });
  });

  it('relays stdin and stdout without -l', () => {
    expect(parse('ssh.example.com 8443')).toMatchObject({ listen: null });
  });

  it('lets only the own user in, unless told otherwise', () => {
    expect(parse('a.example 1')).toMatchObject({ localUsers: 'own' });
    expect(parse('--unsafe-any-local-user a.example 1')).toMatchObject({ localUsers: 'anyone' });
  });

  it('listens at every address of this computer alone, and at no other', () => {
    expect(parse('-l 127.0.0.2:81 a.example 1')).toMatchObject({
      listen: { host: '127.0.0.2', port: 81 },
    });
    for (const listen of ['0.0.0.0:81', ':81', 'localhost:81', '10.0.0.1:81']) {
      expect(() => parse(`-l ${listen} a.example 1`)).toThrow('is not [address:]port');
    }
  });

  it('reads [::1] as address to listen on', () => {
    expect(parse('-l [::1]:0 a.example 1')).toMatchObject({ listen: { host: '::1', port: 0 } });
  });

  it('dials --connect-to but asks for the service by its own name', () => {
    expect(parse('--connect-to 10.0.0.1:9443 a.example 8443')).toMatchObject({
      service: { host: 'a.example' },
      accessTier: { host: '10.0.0.1', port: 9443 },
    });
  });

  it.each(['CHAIN', 'HTTP_CONNECT', 'HTTP_CONNECT_DAISY_CHAIN'])('takes %s as CHAIN', (mode) => {
    expect(parse(`--mode ${mode} a.example 8443`)).toMatchObject({ mode: 'CHAIN' });
  });

  it('takes --target for one member of a collection on standard input and output', () => {
    expect(parse('--mode CHAIN --target db.lab:22 a.example 8443')).toMatchObject({
      listen: null,
      target: { host: 'db.lab', port: 22 },
    });
  });

  it.each([
    '--target db.lab:22 a.example 8443',
    '--mode CHAIN -l 0 --target db.lab:22 a.example 8443',
    '--mode CHAIN --target db.lab a.example 8443',
    '',
    'only-a-host',
    'a b c',
    'a.example notaport',
    'a.example 0',
    'a.example 65536',
    '-l 0.0.0.0:8081 a.example 8443',
    '-l localhost:8081 a.example 8443',
    '-l 70000 a.example 8443',
    '--mode UDP a.example 8443',
    '--include-domains x a.example 8443',
    '--log-level loud a.example 8443',
    '--no-such-option a.example 8443',
  ])('refuses "%s" as usage', (line) => {
    expect(() => parse(line)).toThrow(expect.objectContaining({ code: 'usage/invalid-input' }));
  });

  it.each(['toString', '__proto__'])('knows no mode %s', (mode) => {
    expect(() => parse(`--mode ${mode} a.example 8443`)).toThrow(
      expect.objectContaining({ code: 'usage/invalid-input' }),
    );
  });

  it('says in plain words that RDP gateway mode is not spoken, and what works', () => {
    expect(() => parse('--mode RDPGATEWAY a.example 8443')).toThrow(
      expect.objectContaining({
        code: 'tunnel/mode-unsupported',
        message: expect.stringMatching(/TCP mode.*administrator/) as string,
      }),
    );
  });

  it('does not start in daisy-chain mode with domains to proxy', () => {
    expect(() =>
      parse('--mode HTTP_CONNECT_DAISY_CHAIN --include-domains x a.example 8443'),
    ).toThrow(expect.objectContaining({ code: 'tunnel/domains-not-allowed' }));
  });
});
