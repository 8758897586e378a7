/** What the capture dialog holds, as the engine is asked for it, or what is missing of it. */
import { describe, expect, it } from "vitest";
import * as v from "valibot";
import { liveOptions } from "../../../src-shared/contract/live";
import {
  type CaptureChoice,
  NO_CHOICE,
  captureOptions,
  isCaptureChoice,
} from "../../../src-renderer/viewmodel/capture-choice";

const choice = (more: Partial<CaptureChoice>): CaptureChoice => ({ ...NO_CHOICE, ...more });
const missing = (more: Partial<CaptureChoice>): string => {
  const checked = captureOptions(choice(more));
  return checked.ok ? "nothing" : checked.missing;
};

describe("the capture dialog's choice", () => {
  it.each<[string, Partial<CaptureChoice>]>([
    ["interfaces", { kind: "interfaces", interfaces: ["eth0", "lo"], filter: " icmp ", ring: true }],
    ["another machine", { kind: "ssh", host: " root@node ", port: "2222", sudo: true }],
    ["a pod", { kind: "pod", pod: "web-1", namespace: "shop" }],
    ["a file", { kind: "pipe", path: "/tmp/growing.pcapng", stopAfter: "50" }],
    ["a simulation", { kind: "generator", generator: "steady-traffic", setting: "rate", settingValue: "0.5" }],
  ])("%s: the engine takes it", (_, more) => {
    const checked = captureOptions(choice(more));
    expect(checked.ok).toBe(true);
    if (checked.ok) expect(v.safeParse(liveOptions, checked.options).success).toBe(true);
  });

  it("leaves out what does not belong to its kind", () => {
    const more: Partial<CaptureChoice> = { filter: "icmp", ring: true, ringFiles: "nonsense" };
    const checked = captureOptions(choice({ ...more, kind: "pipe", path: "/tmp/pipe" }));
    expect(checked).toMatchObject({ ok: true, options: { captureFilter: "", ring: null } });
  });

  it("says what is missing", () => {
    expect(missing({ kind: "interfaces" })).toMatch(/interface/);
    expect(missing({ kind: "ssh" })).toMatch(/user@host/);
    expect(missing({ kind: "ssh", host: "n", port: "70000" })).toMatch(/65535/);
    expect(missing({ kind: "pod" })).toMatch(/pod/);
    expect(missing({ kind: "pipe", path: " " })).toMatch(/pipe or the file/);
    expect(missing({ kind: "generator" })).toMatch(/simulated/);
    expect(missing({ kind: "generator", generator: "x", setting: "rate", settingValue: "fast" })).toMatch(/rate/);
    expect(missing({ interfaces: ["lo"], ring: true, ringFiles: "1" })).toMatch(/2 to 1,000/);
    expect(missing({ interfaces: ["lo"], stopAfter: "-3" })).toMatch(/megabytes/);
  });

  it("is taken back from the settings only if it is one", () => {
    expect(isCaptureChoice(JSON.parse(JSON.stringify(NO_CHOICE)))).toEqual(NO_CHOICE);
    for (const value of [
      null,
      3,
      {},
      { ...NO_CHOICE, kind: "rm" },
      { ...NO_CHOICE, interfaces: [3] },
      { ...NO_CHOICE, add: "yes" },
    ])
      expect(isCaptureChoice(value)).toBeUndefined();
  });
});
