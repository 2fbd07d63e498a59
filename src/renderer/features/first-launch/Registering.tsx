// The seconds while a key is made and a certificate asked for.
import { LoaderCircle } from 'lucide-react';
import { deviceText } from '../../text/first-launch.ts';

export function Registering({ organisation }: { organisation: string }) {
  return (
    <div className="progress" aria-live="polite">
      <LoaderCircle size={20} className="spin" aria-hidden />
      <div>
        <strong>{deviceText.registering(organisation)}</strong>
        <span className="lead">{deviceText.registeringHelp}</span>
      </div>
    </div>
  );
}
