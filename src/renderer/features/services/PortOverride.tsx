// The local port: which one, where it comes from, and a person's own one where the administrator allows it.
import { Lock } from 'lucide-react';
import { useEffect, useId, useRef, useState } from 'react';
import { canOverride, type PortChoice, type Service } from '../../../shared/model/service.ts';
import type { Tunnel } from '../../../shared/model/tunnel.ts';
import { portText } from '../../text/services.ts';
import { Button } from '../../ui/Button.tsx';
import { useCall, useSetView, useTruth, useView } from '../../window-context.tsx';
import { PortError } from './PortError.tsx';
import { readPort } from './port-problem.ts';

const fallback = ({ assignedPort }: Service): PortChoice => ({
  port: assignedPort,
  source: assignedPort === null ? 'chosen' : 'assigned',
});

export function PortOverride(props: { service: Service; tunnel: Tunnel; organisation: string }) {
  const { service, organisation } = props;
  const choice = useTruth(({ slices }) => slices.tunnels.ports[service.id]) ?? fallback(service);
  return canOverride(service) ? (
    // A port that changes underneath starts the field afresh.
    <PortField key={`${choice.source} ${choice.port}`} {...props} choice={choice} />
  ) : (
    <div className="port">
      <p className="port-locked">
        <Lock size={14} aria-hidden />
        <span className="mono">{choice.port ?? portText.placeholder}</span>
      </p>
      <p className="sub">{portText.locked(organisation)}</p>
      {choice.setAside !== undefined && (
        <p className="sub port-aside">{portText.setAside(choice.setAside)}</p>
      )}
    </div>
  );
}

function PortField(props: {
  service: Service;
  tunnel: Tunnel;
  organisation: string;
  choice: PortChoice;
}) {
  const { service, choice } = props;
  const shown = choice.port === null ? '' : String(choice.port);
  const [text, setText] = useState(shown);
  const override = useCall('tunnel.override');
  const setView = useSetView();
  const wanted = useView((view) => view.editPort === service.id);
  const field = useRef<HTMLInputElement>(null);
  const id = useId();

  useEffect(() => {
    if (!wanted) return;
    field.current?.focus();
    field.current?.select();
    field.current?.scrollIntoView({ block: 'center' });
    setView({ editPort: null });
  }, [wanted, setView]);

  const typed = readPort(text);
  const changed = text.trim() !== shown;
  const problem = changed && 'problem' in typed ? typed.problem : null;
  const hint =
    changed && 'port' in typed && !override.error ? hintFor(typed.port, props.tunnel) : null;
  const ready = changed && 'port' in typed && !override.pending;

  return (
    <form
      className="port"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) void override.run({ service: service.id, port: typed.port });
      }}
    >
      <div className="port-line">
        <input
          ref={field}
          id={id}
          className="input mono"
          inputMode="numeric"
          aria-label={portText.label}
          aria-describedby={`${id}-help`}
          aria-invalid={problem ? true : undefined}
          placeholder={portText.placeholder}
          autoComplete="off"
          value={text}
          onChange={(event) => {
            override.forget();
            setText(event.target.value);
          }}
          onKeyDown={(event) => {
            if (event.key !== 'Escape' || !changed) return;
            event.preventDefault();
            setText(shown);
          }}
        />
        <Button type="submit" disabled={!ready} busy={override.pending && changed}>
          {portText.save}
        </Button>
        {choice.source === 'override' && !changed && (
          <Button
            look="quiet"
            busy={override.pending}
            onClick={() => void override.run({ service: service.id, port: null })}
          >
            {portText.reset(service.assignedPort)}
          </Button>
        )}
      </div>
      <p id={`${id}-help`} className={problem ? 'field-problem' : 'sub'} aria-live="polite">
        {problem ?? hint ?? portText.source(choice, service.assignedPort, props.organisation)}
      </p>
      {override.error && <PortError error={override.error} tunnel={props.tunnel} />}
    </form>
  );
}

function hintFor(port: number, tunnel: Tunnel): string | null {
  if (port < 1024) return portText.low;
  return tunnel.status === 'open' ? portText.moves : null;
}
