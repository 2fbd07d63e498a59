// A sign-in that is finished at another device: its code, the page to type it at, and both as a picture for a camera.
import { useMemo } from 'react';
import { encode } from 'uqr';
import { signInText } from '../../text/first-launch.ts';
import { clockTime } from '../../text/time.ts';
import { CopyButton, CopyPill } from '../../ui/Copy.tsx';
import type { DeviceCode as Code } from './use-sign-in.ts';

export function DeviceCode({ code }: { code: Code }) {
  const text = signInText.code;
  return (
    <div className="device-code">
      <QrCode text={code.urlWithCode} />
      <div className="device-code-words">
        <span className="sub">{text.openPage}</span>
        <span className="device-code-page">
          <span className="mono">{code.url}</span>
          <CopyButton text={code.url} label={signInText.copyLink} />
        </span>
        <span className="sub">{text.typeCode}</span>
        <CopyPill text={code.userCode} label={text.copyCode(code.userCode)} />
        <span className="sub">{text.until(clockTime(code.expiresAt))}</span>
      </div>
    </div>
  );
}

/** Dark on light in both themes: not every camera reads the reverse. */
function QrCode({ text }: { text: string }) {
  const { size, path } = useMemo(() => {
    const { data, size } = encode(text, { border: 2 });
    const dark = data.flatMap((row, y) =>
      row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])),
    );
    return { size, path: dark.join('') };
  }, [text]);
  return (
    <svg
      className="qr-code"
      viewBox={`0 0 ${size} ${size}`}
      shapeRendering="crispEdges"
      aria-hidden // page and code stand beside it
    >
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}
