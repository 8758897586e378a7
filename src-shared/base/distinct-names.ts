/**
 * Files as people name them: the last part of the path, and before it as many folders as tell files of one name apart.
 *
 * ```
 * caps/n1.pcapng  caps/n2.pcapng           ─► n1.pcapng  n2.pcapng
 * n1/eth0.pcap    n2/eth0.pcap    x.pcap   ─► n1/eth0.pcap  n2/eth0.pcap  x.pcap
 * ```
 */
export function distinctNames(paths: readonly string[]): string[] {
  const parts = paths.map((path) => path.split(/[/\\]/).filter((part) => part !== "" && part !== "."));
  const taken = paths.map(() => 1);
  const nameOf = (i: number): string => parts[i]?.slice(-(taken[i] ?? 1)).join("/") || (paths[i] ?? "");
  for (;;) {
    const owners = new Map<string, number[]>();
    paths.forEach((_, i) => owners.set(nameOf(i), [...(owners.get(nameOf(i)) ?? []), i]));
    let isLonger = false;
    for (const same of owners.values()) {
      if (same.length < 2) continue;
      for (const i of same) {
        if ((taken[i] ?? 1) >= (parts[i]?.length ?? 0)) continue;
        taken[i] = (taken[i] ?? 1) + 1;
        isLonger = true;
      }
    }
    if (!isLonger) return paths.map((_, i) => nameOf(i));
  }
}
