// Why an address or port was not taken. An open tunnel stays where it is, so nothing may read as if it had been lost.
import { explain, isAboutListening, type WireError } from '../../../shared/errors.ts';
import type { Tunnel } from '../../../shared/model/tunnel.ts';
import { portText } from '../../text/services.ts';
import { Button } from '../../ui/Button.tsx';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { Note } from '../../ui/Note.tsx';

export function ListenError(props: {
  error: WireError;
  tunnel: Tunnel;
  /** Takes the port that was found free. */
  onUse: (port: number) => void;
}) {
  const { error, tunnel, onUse } = props;
  const free = error.details?.['suggestedPort'];
  const takeFree = typeof free === 'number' && (
    <Button size="small" onClick={() => onUse(free)}>
      {portText.take(free)}
    </Button>
  );
  if (tunnel.status !== 'open' || !isAboutListening(error.code)) {
    return (
      <>
        <ErrorNote error={error} />
        {takeFree}
      </>
    );
  }
  return (
    <Note tone="warn" title={portText.kept(tunnel.address)} alert action={takeFree}>
      {whyNot(error)}
    </Note>
  );
}

function whyNot(error: WireError): string {
  const { port, holder } = error.details ?? {};
  if (error.code === 'tunnel/listen-failed') return portText.notTaken;
  return error.code === 'tunnel/port-in-use' && typeof port === 'number'
    ? portText.notFree(port, holder === undefined ? undefined : String(holder))
    : explain(error);
}
