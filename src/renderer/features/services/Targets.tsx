// What a collection lets through, as its definition gives it.
import type { AllowedTargets } from '../../../shared/model/service.ts';
import { detailsText } from '../../text/services.ts';

export function Targets({ targets }: { targets: readonly AllowedTargets[] }) {
  if (targets.length === 0) return <p className="sub">{detailsText.everything}</p>;
  return (
    <ul className="block targets">
      {targets.map((target) => {
        const hosts = [...target.hostnames, ...target.cidrs.map(withoutWhole)];
        const ports =
          target.ports.length === 0 ? detailsText.anyPort : detailsText.ports(target.ports);
        return (
          <li key={`${hosts.join()} ${ports}`}>
            <span className={hosts.length === 0 ? '' : 'mono'}>
              {hosts.length === 0 ? detailsText.anyHost : hosts.join('\n')}
            </span>
            <span className="sub">{ports}</span>
          </li>
        );
      })}
    </ul>
  );
}

/** A network of one address is that address. */
const withoutWhole = (cidr: string): string =>
  cidr.replace(cidr.includes(':') ? /\/128$/ : /\/32$/, '');
