/** Commands that open the statistics' own things: a followed stream, resolved names, the export dialog. */
import { call } from "./bridge/engine";
import type { CommandSpec } from "./state/commands.svelte";
import { details } from "./state/details.svelte";
import { openDialog } from "./state/dialogs.svelte";
import { layout } from "./state/layout.svelte";
import { packets } from "./state/packets.svelte";
import { pictureInSight, savePicture } from "./state/pictures";
import { selection } from "./state/selection.svelte";
import { showToast } from "./state/toasts.svelte";
import { workspace } from "./state/workspace.svelte";
import ExportDialog from "./views/export/export-dialog.svelte";

export const analysisCommands: readonly CommandSpec[] = [
  {
    id: "pane.names",
    enabled: () => !workspace.isEmpty,
    run: () => layout.openTab({ id: "names", pane: "names", title: "Resolved names", argument: "" }),
  },
  { id: "analyze.follow", enabled: () => canFollow(), run: () => followStream() },
  {
    id: "file.export",
    enabled: () => (packets.view?.rows ?? 0) > 0,
    run: async () => void (await openDialog<{ close: (result: null) => void }, null>(ExportDialog, {})),
  },
  { id: "picture.saveSvg", run: () => saveInSight("svg") },
  { id: "picture.savePng", run: () => saveInSight("png") },
];

/** Saves the picture in sight, if there is one. */
async function saveInSight(format: "svg" | "png"): Promise<void> {
  const picture = pictureInSight();
  if (picture) await savePicture(picture, format);
  else showToast("No picture is in sight: open a connection, the map, Services or the timeline.");
}

/** The selected packet has a TCP or UDP header. */
function canFollow(): boolean {
  return details.packet?.tree.some((node) => node.field === "tcp" || node.field === "udp") ?? false;
}

/** Opens the stream of the selected packet in a tab; one tab a stream. */
async function followStream(): Promise<void> {
  const packet = selection.packet;
  const view = packets.view;
  if (packet === null || !view) return;
  const { row } = await call("packets.locate", { view: view.view, packet });
  const { rows } =
    row < 0 ? { rows: [] } : await call("packets.rows", { view: view.view, from: row, count: 1, columns: [] });
  const stream = rows[0]?.stream ?? -1;
  layout.openTab({
    id: `follow:${stream >= 0 ? stream : `packet-${packet}`}`,
    pane: "follow",
    title: stream >= 0 ? `Stream ${stream >> 1}` : `Stream of ${details.packet?.number ?? packet}`,
    argument: String(packet),
  });
}
