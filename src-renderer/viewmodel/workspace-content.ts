/** What a person said about the captures that are open: what a workspace file would keep, to see whether it changed. */
import type { WorkspaceState } from "../../src-shared/contract/results";

export interface SaidContent {
  readonly files: readonly (readonly [path: string, clockOffset: number | null])[];
  readonly points: readonly (readonly [id: string, name: string | null, role: string | null, enabled: boolean])[];
  readonly decodeAs: WorkspaceState["decodeAs"];
  readonly clusterFiles: readonly string[];
  /** More than "these captures are open". */
  readonly isSaid: boolean;
}

export function saidOf(state: WorkspaceState): SaidContent {
  const files = state.files.map(({ path, clockOffset }) => [path, clockOffset] as const);
  const points = state.points.flatMap((point) => {
    const isOwnName = point.name === (point.capturedName ?? point.description) || /^interface \d+$/.test(point.name);
    const name = isOwnName ? null : point.name;
    const role = point.roleTold ? point.role : null;
    return name === null && role === null && point.enabled ? [] : [[point.id, name, role, point.enabled] as const];
  });
  const { decodeAs, clusterFiles } = state;
  const isSaid =
    points.length > 0 || decodeAs.length > 0 || clusterFiles.length > 0 || files.some(([, offset]) => offset !== null);
  return { files, points, decodeAs, clusterFiles, isSaid };
}
