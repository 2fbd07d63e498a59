// The icon of a service, by its type; lit while it is connected.
import {
  Boxes,
  Database,
  Globe,
  type LucideIcon,
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

export const serviceIcon = ({ mode, type }: Service): LucideIcon =>
  mode === 'CHAIN' && type === 'GENERIC' ? Boxes : icons[type];

export function TypeTile({ service, lit }: { service: Service; lit: boolean }) {
  const Icon = serviceIcon(service);
  return (
    <span className={lit ? 'tile lit' : 'tile'} aria-hidden>
      <Icon size={17} strokeWidth={1.7} />
    </span>
  );
}
