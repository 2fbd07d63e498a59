import { describe, expect, it } from 'vitest';
import { clientCommands } from '../../../../src/shared/model/commands.ts';
import type { AllowedTargets, Service } from '../../../../src/shared/model/service.ts';
import { aService } from '../../../support/services.ts';

const address = { host: '127.0.0.1', port: 8081 };

const commands = (changes: Partial<Service>): Record<string, string> =>
  Object.fromEntries(
    clientCommands(aService(changes), address).map(({ label, command }) => [label, command]),
  );

const targets = (hostnames: string[], ports: string[]): AllowedTargets[] => [
  { hostnames, cidrs: [], ports },
];

describe('client commands', () => {
  it('gives the line of the seeds for Kubernetes', () => {
    expect(commands({ type: 'K8S', mode: 'CHAIN' })).toEqual({
      kubectl: 'https_proxy=http://127.0.0.1:8081 kubectl get pods',
    });
  });

  it('writes an IPv6 address in brackets', () => {
    const [first] = clientCommands(aService({}), { host: '::1', port: 5 });
    expect(first?.command).toBe('curl http://[::1]:5/');
  });

  it('names a host of the collection that the collection really allows', () => {
    const { curl } = commands({
      mode: 'CHAIN',
      allowedTargets: targets(['*.lab', 'alpha.lab'], ['22', '8080-8090']),
    });
    expect(curl).toBe('curl --proxytunnel --proxy http://127.0.0.1:8081 http://alpha.lab:8080/');
  });

  it('shows no curl where the collection has no web port', () => {
    const allowedTargets = targets(['scope.lab'], ['22', '5901-5999']);
    expect(commands({ mode: 'CHAIN', allowedTargets })).not.toHaveProperty('curl');
  });

  it('never proposes http_proxy, which a port that only tunnels cannot serve', () => {
    const all = Object.values(commands({ mode: 'CHAIN' })).join('\n');
    expect(all).not.toMatch(/\bhttp_proxy=/);
  });
});
