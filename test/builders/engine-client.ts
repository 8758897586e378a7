/** The whole engine in its threads, as hosts start it: for tests of what joins captures. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { EngineHub } from "../../src-main/hosts/shared/engine-hub";
import { EngineHost } from "../../src-main/engine/service/engine-host";
import type { FromEngine } from "../../src-shared/contract/messages";
import type { MethodName, Params, Results } from "../../src-shared/contract/requests";
import type { WorkspaceState } from "../../src-shared/contract/results";

export class EngineClient {
  private readonly scratch = mkdtempSync(join(tmpdir(), "hopscope-engine-"));
  private readonly hub = new EngineHub(
    new EngineHost({ scratchFolder: this.scratch, program: resolve("out/main/engine-thread.js") }),
    {},
  );

  ask<M extends MethodName>(method: M, params: Params<M>): Promise<Results[M]> {
    return this.hub.request(method, params);
  }

  /** Does something that makes the workspace load, and waits until it is read. */
  async loaded(action: () => Promise<unknown>): Promise<WorkspaceState> {
    const ready = new Promise<WorkspaceState>((done) => {
      const stop = this.hub.onEvent((message: FromEngine) => {
        if (message.kind !== "event" || message.event !== "workspace") return;
        const state = message.data as WorkspaceState;
        if (state.state === "loading" || state.state === "empty") return;
        stop();
        done(state);
      });
    });
    await action();
    return ready;
  }

  async close(): Promise<void> {
    await this.hub.close();
    rmSync(this.scratch, { recursive: true, force: true });
  }
}
