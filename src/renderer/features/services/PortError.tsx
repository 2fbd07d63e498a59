// Why a port was not taken. An open tunnel stays where it is, so nothing may read as if it had been lost.
import type { WireError } from '../../../shared/errors.ts';
import type { Tunnel } from '../../../shared/model/tunnel.ts';
import { portText } from '../../text/services.ts';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { Note } from '../../ui/Note.tsx';

export function PortError({ error, tunnel }: { error: WireError; tunnel: Tunnel }) {
  const isAboutPort = error.code === 'tunnel/port-in-use' || error.code === 'tunnel/listen-failed';
  if (tunnel.status !== 'open' || !isAboutPort) return <ErrorNote error={error} />;
  const { port, holder } = error.details ?? {};
  return (
    <Note tone="warn" title={portText.kept(tunnel.address.port)} alert>
      {error.code === 'tunnel/port-in-use' && typeof port === 'number'
        ? portText.notFree(port, holder === undefined ? undefined : String(holder))
        : portText.notTaken}
    </Note>
  );
}
