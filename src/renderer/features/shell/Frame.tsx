// Around every page: room for a banner above it while the client cannot be heard, and the page dimmed meanwhile.
import { TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { linkText } from '../../text/transport.ts';
import { useLinkState } from '../../window-context.tsx';
import './frame.css';

export function Frame({ children }: { children: ReactNode }) {
  const interrupted = useLinkState() === 'interrupted';
  return (
    <div className={interrupted ? 'frame interrupted' : 'frame'}>
      {interrupted && (
        <div className="link-bar" role="alert">
          <TriangleAlert size={14} aria-hidden />
          {linkText.interrupted}
        </div>
      )}
      <div className="frame-page">{children}</div>
    </div>
  );
}
