// Where a service listens on this computer: address and port, where they come from, and a person's own ones where the
// administrator allows it.
import { Lock } from 'lucide-react';
import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react';
import { USUAL_HOST } from '../../../shared/model/listen-address.ts';
import { canOverride, type PortChoice, type Service } from '../../../shared/model/service.ts';
import type { Tunnel } from '../../../shared/model/tunnel.ts';
import { formatHostPort } from '../../../shared/protocol/host-port.ts';
import { portText } from '../../text/services.ts';
import { Button } from '../../ui/Button.tsx';
import { useCall, useSetView, useTruth, useView } from '../../window-context.tsx';
import { ListenError } from './ListenError.tsx';
import { readAddress, readPort } from './port-problem.ts';

const fallback = ({ assignedPort }: Service): PortChoice => ({
  host: USUAL_HOST,
  port: assignedPort,
  source: assignedPort === null ? 'chosen' : 'assigned',
});

interface Listening {
  service: Service;
  tunnel: Tunnel;
  organisation: string;
}

export function ListenOverride(props: Listening) {
  const { service, organisation } = props;
  const choice = useTruth(({ slices }) => slices.tunnels.ports[service.id]) ?? fallback(service);
  const { host, port, setAside } = choice;
  return canOverride(service) ? (
    <ListenFields {...props} choice={choice} />
  ) : (
    <div className="listen">
      <p className="listen-locked">
        <Lock size={14} aria-hidden />
        <span className="mono">
          {port === null ? portText.placeholder : formatHostPort({ host, port })}
        </span>
      </p>
      <p className="sub">{portText.locked(organisation)}</p>
      {setAside && <p className="sub listen-aside">{portText.setAside(setAside)}</p>}
    </div>
  );
}

function ListenFields(props: Listening & { choice: PortChoice }) {
  const { service, choice } = props;
  const shown = { host: choice.host, port: choice.port === null ? '' : String(choice.port) };
  const [typed, setTyped] = useState(shown);
  const override = useCall('tunnel.override');
  const portField = useFocusWhenAsked(service.id);
  const id = useId();
  // What changes underneath starts the fields afresh; made anew, they would lose the focus.
  const inForce = `${choice.source} ${shown.host} ${shown.port}`;
  const [before, setBefore] = useState(inForce);
  if (before !== inForce) {
    setBefore(inForce);
    setTyped(shown);
  }
  /** A button that goes with what it has done would take the focus along. */
  const change = (next: { host?: string; port: number | null }): void => {
    if (document.activeElement?.matches('button')) portField.current?.focus();
    void override.run({ service: service.id, ...next });
  };

  const address = readAddress(typed.host);
  const port = readPort(typed.port);
  const changed = typed.host.trim() !== shown.host || typed.port.trim() !== shown.port;
  const wrong = {
    host: changed && 'problem' in address ? address.problem : null,
    port: changed && 'problem' in port ? port.problem : null,
  };
  const listen = 'host' in address && 'port' in port ? { ...address, ...port } : null;
  const hint = changed && listen && !override.error ? hintFor(listen.port, props.tunnel) : null;
  const problem = wrong.host ?? wrong.port;
  const fieldOf = (name: 'host' | 'port') => ({
    className: 'input mono',
    'aria-describedby': `${id}-help`,
    'aria-invalid': wrong[name] ? true : undefined,
    autoComplete: 'off',
    spellCheck: false,
    value: typed[name],
    onChange: ({ target }: { target: HTMLInputElement }) => {
      override.forget();
      setTyped({ ...typed, [name]: target.value });
    },
    onKeyDown: (event: KeyboardEvent) => {
      if (event.key !== 'Escape' || !changed) return;
      event.preventDefault();
      setTyped(shown);
    },
  });

  return (
    <form
      className="listen"
      onSubmit={(event) => {
        event.preventDefault();
        if (changed && listen && !override.pending) change(listen);
      }}
    >
      <div className="listen-fields">
        <label htmlFor={`${id}-host`}>{portText.address}</label>
        <div className="listen-label">
          <label htmlFor={`${id}-port`}>{portText.label}</label>
          {service.assignedPort !== null && (
            <span id={`${id}-assigned`}>{portText.assigned(service.assignedPort)}</span>
          )}
        </div>
        <input id={`${id}-host`} placeholder={USUAL_HOST} {...fieldOf('host')} />
        <input
          id={`${id}-port`}
          ref={portField}
          inputMode="numeric"
          placeholder={portText.placeholder}
          {...fieldOf('port')}
          aria-describedby={
            service.assignedPort === null ? `${id}-help` : `${id}-assigned ${id}-help`
          }
        />
      </div>
      <p id={`${id}-help`} className={problem ? 'field-problem' : 'sub'} aria-live="polite">
        {problem ?? hint ?? portText.source(choice, service.assignedPort, props.organisation)}
      </p>
      <div className="listen-actions">
        <Button
          type="submit"
          disabled={!changed || !listen || override.pending}
          busy={override.pending && changed}
        >
          {portText.save}
        </Button>
        {choice.source === 'override' && !changed && (
          <Button look="quiet" busy={override.pending} onClick={() => change({ port: null })}>
            {portText.reset(service.assignedPort)}
          </Button>
        )}
      </div>
      {override.error && (
        <ListenError
          error={override.error}
          tunnel={props.tunnel}
          onUse={(free) => {
            setTyped({ ...typed, port: String(free) });
            const host = 'host' in address ? address.host : USUAL_HOST;
            change({ host, port: free });
          }}
        />
      )}
    </form>
  );
}

/** After "Choose another port". */
function useFocusWhenAsked(service: string) {
  const setView = useSetView();
  const wanted = useView((view) => view.editPort === service);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (!wanted) return;
    field.current?.focus();
    field.current?.select();
    field.current?.scrollIntoView({ block: 'center' });
    setView({ editPort: null });
  }, [wanted, setView]);
  return field;
}

function hintFor(port: number, tunnel: Tunnel): string | null {
  if (port < 1024) return portText.low;
  return tunnel.status === 'open' ? portText.moves : null;
}
