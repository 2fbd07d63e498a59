// The icon of a service, by its type; lit while it is connected.
import {
  Boxes,
  Database,
  Globe,
  type LucideProps,
  Monitor,
  Network,
  ShipWheel,
  SquareTerminal,
} from 'lucide-react';
import type { Service } from '../../../shared/model/service.ts';

const icons = {
  WEB: Globe,
  SSH: SquareTerminal,
  RDP: Monitor,
  K8S: ShipWheel,
  DATABASE: Database,
  GENERIC: Network,
};

export function ServiceIcon({ service, ...look }: { service: Service } & LucideProps) {
  const Icon = service.mode === 'CHAIN' && service.type === 'GENERIC' ? Boxes : icons[service.type];
  return <Icon {...look} aria-hidden />;
}

export function TypeTile({ service, lit }: { service: Service; lit: boolean }) {
  return (
    <span className={lit ? 'tile lit' : 'tile'} aria-hidden>
      <ServiceIcon service={service} size={17} strokeWidth={1.7} />
    </span>
  );
}
