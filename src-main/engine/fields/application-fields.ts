/** Fields of the application layer: DNS, DHCP, HTTP/1.x, TLS ClientHello. */
import type { Field } from "./field";

export const APPLICATION_FIELDS: readonly Field[] = [];
