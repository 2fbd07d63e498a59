// What a connected service has carried so far, in the row. It changes once a second: always as wide, and read out only to
// who asks for it.
import { ArrowDown, ArrowUp } from 'lucide-react';
import { byteWords } from '../../../shared/model/traffic-words.ts';
import type { Traffic } from '../../../shared/model/tunnel.ts';
import { servicesText } from '../../text/services.ts';

export function RowTraffic({ bytesReceived, bytesSent }: Traffic) {
  const [received, sent] = [byteWords(bytesReceived), byteWords(bytesSent)];
  return (
    <div className="row-traffic">
      <span className="unseen">{servicesText.carried(received, sent)}</span>
      <span aria-hidden>
        <ArrowDown size={11} />
        {received}
      </span>
      <span aria-hidden>
        <ArrowUp size={11} />
        {sent}
      </span>
    </div>
  );
}
