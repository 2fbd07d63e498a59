// One service in the list. The whole row opens its details; the pill and the button inside do their own thing.
import { ChevronRight, Star, Zap } from 'lucide-react';
import { memo } from 'react';
import { remedy, type WireError } from '../../../shared/errors.ts';
import { whyNotConnectable } from '../../../shared/model/service.ts';
import { actionLabels } from '../../text/common.ts';
import {
  autoConnectText,
  hindranceText,
  kindOf,
  portText,
  servicesText,
} from '../../text/services.ts';
import { clockTime } from '../../text/time.ts';
import { Button } from '../../ui/Button.tsx';
import { CopyPill } from '../../ui/Copy.tsx';
import { useCall, useLinkState, useSetView } from '../../window-context.tsx';
import { ConnectButton } from './ConnectButton.tsx';
import { OpenButton } from './OpenButton.tsx';
import { useRefusal } from './RefusalNote.tsx';
import { RowTraffic } from './RowTraffic.tsx';
import { at, type Place } from './place.ts';
import { type Row } from './service-view.ts';
import { formatHostPort } from '../../../shared/protocol/host-port.ts';
import { StateWord } from './StateWord.tsx';
import { TypeTile } from './TypeTile.tsx';
import { useAutoConnect } from './use-auto-connect.ts';
import { useStartSignIn } from '../sign-in/use-sign-in.ts';
import { useOpenPage } from './use-open-page.ts';
import { freePortOf, useFreePort } from './use-free-port.ts';
import { useShowHow } from './use-show-how.ts';
import { useTunnelActions } from './use-tunnel-actions.ts';

type RowProps = Row & { selected: boolean } & Partial<Place>;

/** Of two thousand, a scroll draws those that come into sight. */
export const ServiceRow = memo(function ServiceRow({ measure, ...props }: RowProps) {
  const { service, tunnel } = props;
  const setView = useSetView();
  const select = (): void => setView({ selected: service.id, editPort: null });
  const actions = useTunnelActions(service.id);
  const openPage = useOpenPage();
  const star = useCall('service.star');
  const choose = useCall('service.autoConnect');
  const free = useFreePort(service.id, actions.open);
  const auto = useAutoConnect(service);
  const showHow = useShowHow(service.id);
  const hindrance = whyNotConnectable(service);
  const address = tunnel.status === 'open' ? formatHostPort(tunnel.address) : null;
  const error =
    tunnel.status === 'failed'
      ? (free.error ?? tunnel.error)
      : (actions.refused ?? openPage.error ?? star.error ?? choose.error);
  const reason = whyNotUsable(props);
  return (
    <li
      className={`row ${tunnel.status}${props.selected ? ' selected' : ''}${props.edge ?? ''}`}
      data-service={service.id}
      ref={measure}
      data-index={props.index}
      aria-posinset={props.position}
      aria-setsize={props.of}
      style={props.offset === undefined ? undefined : at(props.offset)}
    >
      <TypeTile service={service} lit={tunnel.status === 'open'} />
      <div className="row-name">
        <button
          type="button"
          className="row-open one-line"
          aria-label={servicesText.detailsOf(service.friendlyName)}
          aria-current={props.selected}
          onClick={select}
        >
          <bdi>{service.friendlyName}</bdi>
        </button>
        <button
          type="button"
          className="row-mark star"
          aria-label={servicesText.star(service.friendlyName)}
          aria-pressed={props.isFavourite}
          onClick={() => void star.run({ service: service.id, isFavourite: !props.isFavourite })}
        >
          <Star size={14} aria-hidden />
        </button>
        {hindrance === null && auto.stopped === null && (
          <button
            type="button"
            className="row-mark auto"
            aria-label={autoConnectText.of(service.friendlyName)}
            aria-pressed={auto.isOn}
            title={autoConnectText.means(auto.isOn, null)}
            onClick={() => void choose.run({ service: service.id, isOn: !auto.isOn })}
          >
            <Zap size={14} aria-hidden />
          </button>
        )}
        <div className="sub one-line">
          {reason ? (
            <bdi className="row-reason">{reason}</bdi>
          ) : (
            `${kindOf(service)} · ${service.domain}`
          )}
        </div>
      </div>
      <div className="row-address">
        {address && <CopyPill text={address} label={servicesText.copyAddress(address)} />}
      </div>
      <div className={tunnel.status === 'open' ? 'row-state wide' : 'row-state'}>
        {hindrance && hindrance !== 'denied' ? (
          <span className="sub">{hindranceText[hindrance].word}</span>
        ) : (
          <StateWord service={service} tunnel={tunnel} />
        )}
        {tunnel.status === 'open' && <MoreOfState {...props} onSelect={select} />}
      </div>
      <div className="row-action">
        {hindrance === 'denied' && !props.selected && (
          <Button aria-label={servicesText.whyNot(service.friendlyName)} onClick={select}>
            {servicesText.why}
          </Button>
        )}
        {hindrance === 'web' && <OpenButton service={service} open={openPage} />}
        <ConnectButton
          service={service}
          tunnel={tunnel}
          actions={{
            ...actions,
            open: () => {
              showHow();
              actions.open();
            },
          }}
        />
      </div>
      {error && (
        <RowError
          error={error}
          onChoosePort={() => setView({ selected: service.id, editPort: service.id })}
          onUse={free.take}
        />
      )}
    </li>
  );
});

/** What an open one needs to be told: that a connection failed, else what it carries, else how it is used. */
function MoreOfState({ service, tunnel, selected, onSelect }: RowProps & { onSelect: () => void }) {
  const isHeard = useLinkState() !== 'interrupted';
  const refusal = useRefusal({ service, tunnel });
  if (tunnel.status !== 'open') return null;
  const name = service.friendlyName;
  if (refusal) {
    const time = clockTime(refusal.at);
    return (
      <button
        type="button"
        className="row-how failed"
        aria-label={servicesText.failedOf(name, time)}
        onClick={onSelect}
      >
        {servicesText.failedAt(time)}
        <ChevronRight size={12} aria-hidden />
      </button>
    );
  }
  if (tunnel.traffic && isHeard) return <RowTraffic {...tunnel.traffic} />;
  // Who has moved bytes through it knows how.
  if (tunnel.traffic || selected) return null;
  return (
    <button
      type="button"
      className="row-how"
      aria-label={servicesText.howOf(name)}
      onClick={onSelect}
    >
      {servicesText.how}
      <ChevronRight size={12} aria-hidden />
    </button>
  );
}

function whyNotUsable({ service, tunnel }: Row): string | undefined {
  if (service.access.status === 'denied') return service.access.reason;
  return tunnel.status === 'open' ? tunnel.trouble?.message : undefined;
}

function RowError(props: {
  error: WireError;
  onChoosePort: () => void;
  /** Takes the port that was found free. */
  onUse: (port: number) => void;
}) {
  const { error, onUse } = props;
  const free = freePortOf(error);
  const signIn = useStartSignIn();
  const { action, advice } = remedy(error);
  return (
    <div className="row-error" role="alert">
      <span>
        {error.message} <span className="sub">{advice}</span>
      </span>
      {free !== null && (
        <Button size="small" onClick={() => onUse(free)}>
          {portText.take(free)}
        </Button>
      )}
      {(action === 'choose-port' || action === 'choose-address') && (
        <Button size="small" onClick={props.onChoosePort}>
          {actionLabels[action]}
        </Button>
      )}
      {action === 'sign-in' && (
        <Button size="small" busy={signIn.pending} onClick={signIn.start}>
          {servicesText.signIn}
        </Button>
      )}
    </div>
  );
}
