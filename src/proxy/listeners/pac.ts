// The proxy auto-configuration of a CHAIN port: which addresses a browser sends through it. Served, never fetched.

export const PAC_TYPE = 'application/x-ns-proxy-autoconfig';

/**
 * The same reading of "Domains to Proxy" as include-domains.ts, in the oldest JavaScript there is, because Windows runs
 * it in an engine of 1999. Without domains everything goes through the port but what is on this computer itself.
 * `proxy`: `host:port` of the local port.
 */
export function pacScript(proxy: string, domains: readonly string[]): string {
  const exact: string[] = [];
  const below: string[] = [];
  for (const entry of domains) {
    const domain = entry.toLowerCase().replace(/^\*(?=\.)/, '');
    (domain.startsWith('.') ? below : exact).push(domain);
  }
  return `var proxy = ${literal(`PROXY ${proxy}`)};
var everything = ${literal(domains.length === 0)};
var exact = ${literal(exact)};
var below = ${literal(below)};

function endsWith(name, end) {
  return name.length >= end.length && name.substring(name.length - end.length) === end;
}

function isLoopback(name) {
  return name === "localhost" || endsWith(name, ".localhost") || name === "::1" || name === "[::1]" ||
    /^127\\.\\d+\\.\\d+\\.\\d+$/.test(name);
}

function FindProxyForURL(url, host) {
  var name = String(host).toLowerCase().replace(/\\.$/, "");
  var i;
  if (everything) return isLoopback(name) ? "DIRECT" : proxy;
  for (i = 0; i < exact.length; i += 1) if (name === exact[i]) return proxy;
  for (i = 0; i < below.length; i += 1) if (endsWith(name, below[i])) return proxy;
  return "DIRECT";
}`;
}

/** JSON is JavaScript only without these two line ends; and a script without a charset is safest in ASCII. */
const literal = (value: unknown): string =>
  JSON.stringify(value).replaceAll(
    /[^ -~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
