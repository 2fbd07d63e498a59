// `host:port` as people and CONNECT requests write it. No library: banyanproxy starts for every ssh.

export interface HostAndPort {
  host: string;
  port: number;
}

/** Splits `name`, `name:port`, `[v6]` and `[v6]:port`; null when it is none of these. Hosts come back in lower case. */
export function parseHostPort(text: string, defaultPort: number): HostAndPort | null {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^\s:[\]/@?#]+))(?::(\d{1,5}))?$/i.exec(text);
  const host = match?.[1] ?? match?.[2];
  if (!match || !host) return null;
  const port = match[3] === undefined ? defaultPort : Number(match[3]);
  return port >= 1 && port <= 65535 ? { host: host.toLowerCase(), port } : null;
}

export const formatHostPort = ({ host, port }: HostAndPort): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
