// The button of a web service: it opens in the browser, and nothing stays open here.
import type { Service } from '../../../shared/model/service.ts';
import { isSignedIn } from '../../../shared/model/session.ts';
import { servicesText } from '../../text/services.ts';
import { Button } from '../../ui/Button.tsx';
import { type CallState, useTruth } from '../../window-context.tsx';

export function OpenButton(props: {
  service: Service;
  open: CallState<'service.open'>;
  prominent?: boolean;
}) {
  const { service, open } = props;
  const signedIn = useTruth(({ slices }) => isSignedIn(slices.session));
  return (
    <Button
      look={props.prominent ? 'primary' : 'tinted'}
      aria-label={`${servicesText.open} ${service.friendlyName}`}
      busy={open.pending}
      disabled={!signedIn}
      onClick={() => void open.run({ service: service.id })}
    >
      {servicesText.open}
    </Button>
  );
}
