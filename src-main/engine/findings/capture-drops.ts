/** Packets the captures say they lost: pcapng interface statistics (the last of each interface counts; they accumulate). */
import type { Workspace } from "../session/workspace";

/** By capture point; null: the file does not say. */
export function dropsOfPoints(workspace: Workspace): readonly (number | null)[] {
  return workspace.points.map((point, index) => {
    const file = workspace.files[workspace.pointFiles[index] ?? 0];
    let drops: number | null = null;
    for (const statistics of file?.statistics ?? [])
      if (statistics.interface === point.index) drops = statistics.dropped ?? statistics.osDropped ?? drops;
    return drops;
  });
}
