/** An address and a port as people read them, the same in the command line, in findings and in the window. */
import type { Endpoint } from "./result";

/** "10.0.0.1:80", "[fd00::1]:80"; without a port (0: ICMP's server) the address alone. */
export function endpointText({ ip, port }: Endpoint): string {
  if (port === 0) return ip;
  return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}
