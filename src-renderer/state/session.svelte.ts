/**
 * The window's tie to the engine: connects, asks for everything, and does so again after a reconnection or a restart.
 *
 * ```
 * connecting ─► open ─► settings, app.info, workspace.state ─► ready
 *                ▲  └─► lost ─► (the bridge tries again) ─┐      ended: this page's session is over
 *                └────────────────────────────────────────┘
 * ```
 */
import { connect, errorText, on, onConnection } from "../bridge/engine";
import type { ConnectionState } from "../bridge/transport";
import { runCommand } from "./commands.svelte";
import { details } from "./details.svelte";
import { keptView } from "./kept-view.svelte";
import { listenToLive, live } from "./live.svelte";
import { showError } from "./dialogs.svelte";
import { linking, listenToAnalysis } from "./linking.svelte";
import { listenToPackets, packets } from "./packets.svelte";
import { selection } from "./selection.svelte";
import { loadSettings } from "./settings.svelte";
import { showToast } from "./toasts.svelte";
import { listenToWorkspace, workspace } from "./workspace.svelte";

class Session {
  connection = $state<ConnectionState>("connecting");
  /** Settings and workspace are there: the window may be drawn. */
  ready = $state(false);
  /** Why the engine cannot be asked, although the connection stands. */
  problem = $state<string | null>(null);
}

export const session = new Session();

/** Connects. Once, when the window starts. */
export function startSession(): void {
  listenToWorkspace();
  listenToPackets();
  listenToLive();
  listenToAnalysis();
  onConnection((state) => {
    const before = session.connection;
    session.connection = state;
    if (state === "lost") {
      packets.forget();
      keptView.wantTop(true);
    }
    if (state === "open") void resume(before === "lost");
  });
  on("restarted", ({ reason }) => {
    packets.forget();
    keptView.wantTop(true);
    showToast(`The engine stopped and was started again: ${reason}`, { kind: "warning" });
    void resume(false);
  });
  on("command", ({ command, argument }) => {
    if (!runCommand(command, argument ?? undefined)) showToast("That is not possible now.");
  });
  connect();
}

async function resume(reconnected: boolean): Promise<void> {
  try {
    if (!session.ready) await loadSettings();
    await workspace.refresh();
    void live.refresh();
    session.problem = null;
    session.ready = true;
    if (reconnected) showToast("Connected again.", { kind: "success" });
    const { app } = workspace;
    if (app && app.startFiles.length > 0 && workspace.isEmpty) {
      workspace.open(app.startFiles, false).catch((error: unknown) => showError("Opening failed", error));
    }
  } catch (error) {
    session.problem = errorText(error);
  }
}

/** Files the packet numbers of the selection belong to, in order: "3 /a.pcap\n4 /b.pcap". */
let numbered: readonly string[] = [];
/** The workspace the details on screen are of. */
let detailed = { workspace: 0, files: 0 };

/**
 * Keeps view and selection in step with the workspace; call it in an effect that depends on `workspace.state`. Packets are
 * numbered over the files in their order: adding files at the end changes no number, everything else does.
 */
export function followWorkspace(): void {
  const now = workspace.state.files.map((file) => `${file.file} ${file.path}`);
  const kept = numbered.every((entry, index) => now[index] === entry);
  if (!kept || now.length === 0) {
    linking.forget();
    selection.clear();
    keptView.reached();
  }
  numbered = now;
  keptView.restore();
  packets.follow();
  // Read again, the same packet may say something else, or be gone.
  const { workspace: number, state, packets: count } = workspace.state;
  if (number === detailed.workspace || state === "loading") return;
  const isAdded = now.length > detailed.files;
  detailed = { workspace: number, files: now.length };
  if (!isAdded && selection.packet !== null) void details.show(count > 0 ? selection.packet : null);
}
