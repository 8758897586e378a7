/** Ctrl+C with a recording that is in no file: a person is told and asked once more; where nobody can be asked it is kept. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sayKept, untilEnd } from "../../../src-main/hosts/serve/end-of-recording";
import { Interrupts } from "../../../src-main/hosts/serve/interrupts";
import { keepRecording, RecordingWatch } from "../../../src-main/hosts/shared/unsaved-recording";
import type { LiveSourceState } from "../../../src-shared/contract/live";

function source(changes: Partial<LiveSourceState> = {}): LiveSourceState {
  return {
    id: "1",
    label: "eth0",
    state: "running",
    kind: "interfaces",
    path: "/scratch/live-7-1-99.pcapng",
    packets: 12,
    bytes: 900,
    message: "",
    problem: null,
    generator: null,
    ...changes,
  };
}

function watching(...sources: readonly LiveSourceState[]): RecordingWatch {
  const watch = new RecordingWatch();
  watch.take({ kind: "event", event: "live", data: { sources } });
  return watch;
}

describe("what would be lost", () => {
  it("is the newest recording with all that is recorded together, while no window has saved it", () => {
    const watch = watching(source(), source({ id: "2", label: "node-2 eth0", packets: 3, state: "stopped" }));
    expect(watch.unsaved).toEqual({
      label: "eth0 + node-2 eth0",
      packets: 15,
      path: "/scratch/live-7-1-99.pcapng",
      running: ["1"],
    });
    watch.saved("/scratch/live-7-1-99.pcapng");
    expect(watch.unsaved).toBeUndefined();
  });

  it("is nothing without packets, nor somebody else's file that is followed", () => {
    expect(watching().unsaved).toBeUndefined();
    expect(watching(source({ packets: 0 })).unsaved).toBeUndefined();
    expect(watching(source({ kind: "file" })).unsaved).toBeUndefined();
  });
});

describe("the end", () => {
  const told = async (
    watch: RecordingWatch,
    happens: (interrupts: Interrupts) => void,
  ): Promise<{ readonly said: readonly string[]; readonly kept: boolean }> => {
    const interrupts = new Interrupts();
    const said: string[] = [];
    happens(interrupts);
    const kept = await untilEnd(interrupts, watch, (line) => said.push(line));
    return { said, kept: kept !== undefined };
  };

  it("comes at once where nothing would be lost", async () => {
    expect(await told(watching(), (interrupts) => interrupts.happen("ask"))).toEqual({ said: [], kept: false });
  });

  it("waits for a second Ctrl+C, which discards, and says so before", async () => {
    const { said, kept } = await told(watching(source()), (interrupts) => {
      interrupts.happen("ask");
      interrupts.happen("ask");
    });
    expect(said[0]).toBe(
      "The recording of eth0 (12 packets) would be lost: it is in no file but /scratch/live-7-1-99.pcapng, which goes with Hopscope.",
    );
    expect(said[1]).toContain("press Ctrl+C again to discard it");
    expect(kept).toBe(false);
  });

  it("asks again for another recording", async () => {
    const watch = watching(source());
    const interrupts = new Interrupts();
    const said: string[] = [];
    interrupts.happen("ask");
    const end = untilEnd(interrupts, watch, (line) => {
      said.push(line);
      if (said.length !== 2) return;
      watch.take({
        kind: "event",
        event: "live",
        data: { sources: [source({ path: "/scratch/live-7-2-100.pcapng" })] },
      });
      interrupts.happen("ask");
      interrupts.happen("ask");
    });
    expect(await end).toBeUndefined();
    expect(said).toHaveLength(4);
  });

  it("keeps the recording when nobody can be asked", async () => {
    expect(await told(watching(source()), (interrupts) => interrupts.happen("end"))).toEqual({ said: [], kept: true });
  });
});

describe("keeping", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "hopscope-unit-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const now = new Date("2026-03-04T05:06:07Z");

  it("moves the file under the recording's name, never over another", () => {
    const keep = (): readonly string[] => {
      const path = join(folder, "live-7-1-99.pcapng");
      writeFileSync(path, "packets");
      return keepRecording({ label: "eth0 / ../x", packets: 1, path, running: [] }, join(folder, "kept"), now);
    };
    const [first = ""] = keep();
    expect(first).toBe(join(folder, "kept", "eth0-..-x-2026-03-04T050607.pcapng"));
    expect(keep()).toEqual([join(folder, "kept", "eth0-..-x-2026-03-04T050607-2.pcapng")]);
    expect(readFileSync(first, "utf8")).toBe("packets");
    expect(existsSync(join(folder, "live-7-1-99.pcapng"))).toBe(false);
  });

  it("keeps all files of a ring, and nobody else's", () => {
    for (const name of ["live-7-1-99_00001.pcapng", "live-7-1-99_00002.pcapng", "live-7-11-99_00001.pcapng"])
      writeFileSync(join(folder, name), name);
    const path = join(folder, "live-7-1-99_00002.pcapng");
    const kept = keepRecording({ label: "ring", packets: 1, path, running: [] }, join(folder, "kept"), now);
    expect(kept.map((file) => readFileSync(file, "utf8"))).toEqual([
      "live-7-1-99_00001.pcapng",
      "live-7-1-99_00002.pcapng",
    ]);
    expect(existsSync(join(folder, "live-7-11-99_00001.pcapng"))).toBe(true);
  });

  it("says what is in the way", () => {
    const inTheWay = join(folder, "file");
    writeFileSync(inTheWay, "");
    mkdirSync(join(folder, "scratch"));
    const said: string[] = [];
    const path = join(folder, "scratch", "live-7-1-99.pcapng");
    sayKept({ label: "eth0", packets: 1, path, running: [] }, inTheWay, (line) => said.push(line));
    expect(said.join("")).toMatch(/^The recording of eth0 \(1 packet\) could not be kept: /);
  });
});
