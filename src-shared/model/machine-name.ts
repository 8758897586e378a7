/**
 * Whose interface it is, as its description says where one file holds many network namespaces (`hopscope simulate` writes such files):
 * without it there are as many "eth0" as machines.
 *
 * ```
 * "network namespace n1"                        → "n1"
 * "network namespace web-a, pod default/web-a"  → "web-a"
 * "machine n2"                                  → "n2"      (recorded at once by several live sources)
 * "Intel(R) Ethernet"                           → null
 * ```
 */
export function machineName(description: string | null | undefined): string | null {
  return /^(?:network namespace|machine) ([^\s,]+)/.exec(description ?? "")?.[1] ?? null;
}
