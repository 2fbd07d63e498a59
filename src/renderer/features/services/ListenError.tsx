// Why an address or port was not taken. An open tunnel stays where it is, so nothing may read as if it had been lost.
import { explain, isAboutListening, type WireError } from '../../../shared/errors.ts';
import type { Tunnel } from '../../../shared/model/tunnel.ts';
import { portText } from '../../text/services.ts';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { Note } from '../../ui/Note.tsx';

export function ListenError({ error, tunnel }: { error: WireError; tunnel: Tunnel }) {
  if (tunnel.status !== 'open' || !isAboutListening(error.code)) {
    return <ErrorNote error={error} />;
  }
  return (
    <Note tone="warn" title={portText.kept(tunnel.address)} alert>
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
