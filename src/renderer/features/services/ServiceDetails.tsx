// Everything about one service, beside the list or, in a narrow window, over it.
import { X } from 'lucide-react';
import { type ReactNode, useEffect, useRef } from 'react';
import { type Service, whyNotConnectable } from '../../../shared/model/service.ts';
import { trafficWords } from '../../../shared/model/traffic-words.ts';
import type { Tunnel } from '../../../shared/model/tunnel.ts';
import { words } from '../../text/common.ts';
import { detailsText, hindranceText, kindOf, portText, servicesText } from '../../text/services.ts';
import { Button } from '../../ui/Button.tsx';
import { CopyPill } from '../../ui/Copy.tsx';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { Note } from '../../ui/Note.tsx';
import { useEscape } from '../../ui/use-escape.ts';
import { useSetView, useTruth } from '../../window-context.tsx';
import { isOverTheList } from './over-the-list.ts';
import { AutoConnect } from './AutoConnect.tsx';
import { ConnectButton } from './ConnectButton.tsx';
import { ListenOverride } from './ListenOverride.tsx';
import { OpenButton } from './OpenButton.tsx';
import { formatHostPort } from '../../../shared/protocol/host-port.ts';
import { RefusalNote } from './RefusalNote.tsx';
import { ServiceActivity } from './ServiceActivity.tsx';
import { StateWord } from './StateWord.tsx';
import { Targets } from './Targets.tsx';
import { TypeTile } from './TypeTile.tsx';
import { UseIt } from './UseIt.tsx';
import { WhyDenied } from './WhyDenied.tsx';
import { useStartSignIn } from '../sign-in/use-sign-in.ts';
import { useOpenPage } from './use-open-page.ts';
import { freePortOf, useFreePort } from './use-free-port.ts';
import { useTunnelActions } from './use-tunnel-actions.ts';
import './details.css';

interface DetailsProps {
  service: Service;
  tunnel: Tunnel;
  onClose: () => void;
}

export function ServiceDetails({ service, tunnel, onClose }: DetailsProps) {
  const organisation = useTruth(({ slices: { device } }) =>
    device.status === 'registered' ? device.organisation.name : '',
  );
  const pane = useRef<HTMLElement>(null);
  const hindrance = whyNotConnectable(service);
  const connectable = hindrance === null;

  // Esc belongs to a search that has text first; that one prevents the default.
  useEscape(() => {
    const row = document.querySelector<HTMLElement>(`[data-service="${CSS.escape(service.id)}"]`);
    onClose();
    row?.querySelector<HTMLElement>('.row-open')?.focus();
  });
  // Over the list, the pane is where the person now is; beside it, they may want to walk on.
  useEffect(() => {
    if (isOverTheList()) pane.current?.focus();
  }, []);

  return (
    <aside
      className="details"
      aria-label={servicesText.detailsOf(service.friendlyName)}
      ref={pane}
      tabIndex={-1}
    >
      <header className="details-head">
        <TypeTile service={service} lit={tunnel.status === 'open'} />
        <div className="details-title">
          <h1>
            <bdi>{service.friendlyName}</bdi>
          </h1>
          <p className="sub">{detailsText.through(kindOf(service), organisation)}</p>
        </div>
        <Button look="quiet" className="icon-only" aria-label={words.close} onClick={onClose}>
          <X size={16} aria-hidden />
        </Button>
      </header>
      {service.description && <p className="lead">{service.description}</p>}
      <WhyDenied service={service} />
      {hindrance === 'web' && <WebService service={service} />}
      {hindrance && hindrance !== 'denied' && (
        <Section title={detailsText.how}>
          <p className="lead">{hindranceText[hindrance].sentence}</p>
        </Section>
      )}
      {connectable && <Connection service={service} tunnel={tunnel} />}
      <AutoConnect service={service} organisation={organisation} />
      {connectable && (
        <Section title={detailsText.port}>
          <ListenOverride service={service} tunnel={tunnel} organisation={organisation} />
        </Section>
      )}
      {connectable && service.mode === 'CHAIN' && service.type !== 'K8S' && (
        <Section title={detailsText.targets}>
          <Targets targets={service.allowedTargets} />
        </Section>
      )}
      {connectable && <ServiceActivity service={service} tunnel={tunnel} />}
    </aside>
  );
}

function WebService({ service }: { service: Service }) {
  const open = useOpenPage();
  const signIn = useStartSignIn();
  return (
    <>
      <div className="details-connect">
        <OpenButton service={service} open={open} prominent />
      </div>
      {open.error && (
        <ErrorNote
          error={open.error}
          actions={{
            retry: () => void open.run({ service: service.id }),
            'sign-in': signIn.start,
          }}
        />
      )}
    </>
  );
}

function Connection({ service, tunnel }: { service: Service; tunnel: Tunnel }) {
  const actions = useTunnelActions(service.id);
  const signIn = useStartSignIn();
  const setView = useSetView();
  const { take, error: notTaken } = useFreePort(service.id, actions.open);
  const error = tunnel.status === 'failed' ? (notTaken ?? tunnel.error) : actions.refused;
  const free = error && freePortOf(error);
  const address = tunnel.status === 'open' ? formatHostPort(tunnel.address) : null;
  return (
    <>
      <div className="details-connect">
        <ConnectButton service={service} tunnel={tunnel} actions={actions} prominent />
        <StateWord service={service} tunnel={tunnel} />
      </div>
      {error && (
        <ErrorNote
          error={error}
          also={
            free !== null && (
              <Button size="small" onClick={() => take(free)}>
                {portText.take(free)}
              </Button>
            )
          }
          actions={{
            'choose-port': () => setView({ editPort: service.id }),
            'choose-address': () => setView({ editPort: service.id }),
            'sign-in': signIn.start,
          }}
        />
      )}
      {tunnel.status === 'open' && tunnel.trouble && (
        <Note tone="warn" title={detailsText.reconnecting}>
          {tunnel.trouble.message}
        </Note>
      )}
      <RefusalNote service={service} tunnel={tunnel} />
      <Section title={detailsText.how}>
        <UseIt service={service} tunnel={tunnel} />
        {tunnel.status === 'open' && address && (
          <dl className="block pairs">
            <div>
              <dt>{detailsText.address}</dt>
              <dd>
                <CopyPill text={address} label={servicesText.copyAddress(address)} />
              </dd>
            </div>
            <div>
              <dt>{detailsText.domain}</dt>
              <dd className="mono">{service.domain}</dd>
            </div>
            {tunnel.traffic && (
              <div>
                <dt>{detailsText.traffic}</dt>
                <dd>{trafficWords(tunnel.traffic)}</dd>
              </div>
            )}
          </dl>
        )}
      </Section>
    </>
  );
}

function Section(props: { title: string; children: ReactNode }) {
  return (
    <section className="details-section">
      <h2>{props.title}</h2>
      {props.children}
    </section>
  );
}
