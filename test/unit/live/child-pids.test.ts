/** Programs that an engine's thread started and could not end are ended by the thread that started the engine. */
import { spawn } from "node:child_process";
import { describe, expect, it } from "vitest";
import {
  endChildren,
  forgetChild,
  makeChildPids,
  noteChild,
  useChildPids,
} from "../../../src-main/engine/live/child-pids";

const sleeper = (): ReturnType<typeof spawn> =>
  spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });

describe("programs that were started", () => {
  it("are ended, those that are still noted, once", async () => {
    const shared = makeChildPids();
    useChildPids(shared);
    const [ended, forgotten] = [sleeper(), sleeper()];
    const end = new Promise((done) => ended.on("exit", (_code, signal) => done(signal)));
    noteChild(ended.pid);
    noteChild(forgotten.pid);
    forgetChild(forgotten.pid);
    endChildren(shared);
    expect(await end).toBe("SIGTERM");
    // The number may be another program's by now.
    endChildren(shared);
    expect(forgotten.exitCode).toBeNull();
    forgotten.kill("SIGKILL");
  });

  it("more than can be noted, and those that did not start, are no trouble", () => {
    const shared = makeChildPids();
    useChildPids(shared);
    noteChild(undefined);
    // Numbers nobody has: above what systems give out.
    for (let pid = 0x7f000000; pid < 0x7f000000 + 100; pid++) noteChild(pid);
    expect(() => endChildren(shared)).not.toThrow();
    forgetChild(12);
  });
});
