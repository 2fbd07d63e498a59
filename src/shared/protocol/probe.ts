// A probe asks the Access Tier "would I be let in?" and nothing else: chosen by ALPN (RFC 7301), see docs/protocol.md.

/** Our own identifier; servers that do not know it select nothing, and are asked in another way. */
export const PROBE_PROTOCOL = 'banyan-probe/1';
