/** An address and a port as people read them, the same in the command line, in findings, in notes, reports and the window. */

/** "10.0.0.1:80", "[fd00::1]:80" (RFC 5952 section 6); without a port (0: ICMP's server) the address alone. */
export function endpointText({ ip, port }: { readonly ip: string; readonly port: number }): string {
  if (port === 0) return ip;
  return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}

/** "shop/web:80": a pod or a Service and its port; without a port the name alone. */
export function nameWithPort(name: string, port: number): string {
  return port === 0 ? name : `${name}:${port}`;
}
