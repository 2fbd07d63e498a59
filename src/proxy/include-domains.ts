// "Domains to Proxy": which destinations of a CHAIN port go through the tunnel.

/** `x` matches itself, `*.x` and `.x` everything below x; an empty list matches everything. */
export function isIncluded(host: string, domains: readonly string[]): boolean {
  if (domains.length === 0) return true;
  const name = host.toLowerCase().replace(/\.$/, '');
  return domains.some((entry) => {
    const domain = entry.toLowerCase().replace(/^\*(?=\.)/, '');
    return domain.startsWith('.') ? name.endsWith(domain) : name === domain;
  });
}
