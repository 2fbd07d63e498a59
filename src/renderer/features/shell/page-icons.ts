// One picture for each page, wherever the way to it is shown.
import { Activity, Laptop, type LucideIcon, Server, Settings2, Stethoscope } from 'lucide-react';
import type { Page } from '../../stores/view.ts';

export const PAGE_ICONS: Record<Page, LucideIcon> = {
  services: Server,
  activity: Activity,
  diagnostics: Stethoscope,
  device: Laptop,
  settings: Settings2,
};
