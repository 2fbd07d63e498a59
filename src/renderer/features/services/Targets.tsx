// What a collection lets through, as its definition gives it.
import type { AllowedTargets } from '../../../shared/model/service.ts';
import { detailsText } from '../../text/services.ts';

export function Targets({ targets }: { targets: readonly AllowedTargets[] }) {
  if (targets.length === 0) return <p className="sub">{detailsText.everything}</p>;
  return (
    <ul className="block targets">
      {targets.map((target) => {
        const hosts = [...target.hostnames, ...target.cidrs];
        const ports =
          target.ports.length === 0 ? detailsText.anyPort : detailsText.ports(target.ports);
        return (
          <li key={`${hosts.join()} ${ports}`}>
            <span className={hosts.length === 0 ? '' : 'mono'}>
              {hosts.length === 0 ? detailsText.anyHost : hosts.join(', ')}
            </span>
            <span className="sub">{ports}</span>
          </li>
        );
      })}
    </ul>
  );
}
