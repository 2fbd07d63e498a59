// The way to the sign-in page from a browser tab.
import { ExternalLink } from 'lucide-react';
import { signInText } from '../../text/first-launch.ts';

export function SignInLink({ url, size }: { url: string; size: 'small' | 'large' }) {
  return (
    <a className={`button primary ${size}`} href={url} target="_blank" rel="noreferrer">
      {signInText.inTab.openPage}
      <ExternalLink size={14} aria-hidden />
    </a>
  );
}
