// The organisations of this device, the active one marked; one click makes another one active, or adds one.
import { Menu } from '@base-ui/react/menu';
import { Check, Plus } from 'lucide-react';
import type { ReactElement } from 'react';
import type { KnownOrganisation } from '../../../shared/model/device.ts';
import { mayAddOrganisation } from '../../../shared/model/managed.ts';
import { canClose } from '../../../shared/model/tunnel.ts';
import { organisationsText } from '../../text/organisations.ts';
import { useSetView, useTruth } from '../../window-context.tsx';
import { Mark } from './Mark.tsx';
import { SwitchProblem } from './SwitchProblem.tsx';
import type { Switch } from './use-switch.ts';
import './organisations.css';

export function OrganisationMenu(props: {
  side: 'top' | 'bottom';
  trigger: ReactElement;
  state: Switch;
}) {
  const known = useTruth(({ slices }) => slices.organisations);
  const connected = useTruth(
    ({ slices }) => Object.values(slices.tunnels.states).filter(canClose).length,
  );
  const mayAdd = useTruth(({ slices }) => mayAddOrganisation(slices.managed));
  const setView = useSetView();
  const { state } = props;
  const active = known.find(({ isActive }) => isActive);
  return (
    <>
      <Menu.Root>
        <Menu.Trigger render={props.trigger} />
        <Menu.Portal>
          <Menu.Positioner side={props.side} align="start" sideOffset={6} className="menu-place">
            <Menu.Popup className="menu organisation-menu">
              {connected > 0 && known.length > 1 && (
                <div className="menu-head sub">{organisationsText.disconnects(connected)}</div>
              )}
              <Menu.RadioGroup value={active?.id ?? null}>
                {known.map((organisation) => (
                  <Item
                    key={organisation.id}
                    organisation={organisation}
                    disabled={state.pending}
                    onChosen={() => state.start(organisation)}
                  />
                ))}
              </Menu.RadioGroup>
              {mayAdd && (
                <>
                  <Menu.Separator className="menu-line" />
                  <Menu.Item className="menu-item" onClick={() => setView({ adding: true })}>
                    <Plus size={15} className="organisation-add" aria-hidden />
                    {organisationsText.add}
                  </Menu.Item>
                </>
              )}
            </Menu.Popup>
          </Menu.Positioner>
        </Menu.Portal>
      </Menu.Root>
      <SwitchProblem state={state} />
    </>
  );
}

function Item(props: { organisation: KnownOrganisation; disabled: boolean; onChosen: () => void }) {
  const { id, name, host, isActive } = props.organisation;
  return (
    <Menu.RadioItem
      className="menu-item"
      value={id}
      closeOnClick
      disabled={props.disabled}
      onClick={() => {
        if (!isActive) props.onChosen();
      }}
    >
      <Mark name={name} small />
      <span className="organisation-item">
        <span className="one-line">{name}</span>
        <span className="sub one-line">{host}</span>
      </span>
      <Menu.RadioItemIndicator className="organisation-check">
        <Check size={15} aria-hidden />
      </Menu.RadioItemIndicator>
    </Menu.RadioItem>
  );
}
