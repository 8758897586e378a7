/** What a person chose in the capture dialog, as the engine's options; and what is still missing of it. */
import type { LiveOptions, LiveSource } from "../../src-shared/contract/live";

export const CAPTURE_KINDS = [
  { id: "interfaces", label: "This machine" },
  { id: "ssh", label: "Another machine" },
  { id: "pod", label: "Pod" },
  { id: "pipe", label: "Pipe or file" },
  { id: "generator", label: "Simulator" },
] as const;
export type CaptureKind = (typeof CAPTURE_KINDS)[number]["id"];

/** Everything the dialog holds, also of the kinds that are not shown: it comes back as it was left. */
export interface CaptureChoice {
  readonly kind: CaptureKind;
  readonly interfaces: readonly string[];
  readonly host: string;
  readonly port: string;
  readonly sudo: boolean;
  /** Of the other machine, and of the pod. */
  readonly remoteInterface: string;
  readonly context: string;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly path: string;
  readonly generator: string;
  /** Of the generator: which number it is, and the number. */
  readonly setting: string;
  readonly settingValue: string;
  readonly filter: string;
  readonly ring: boolean;
  readonly ringMegabytes: string;
  readonly ringFiles: string;
  readonly stopAfter: string;
  readonly add: boolean;
}

export const NO_CHOICE: CaptureChoice = {
  kind: "interfaces",
  interfaces: [],
  host: "",
  port: "",
  sudo: false,
  remoteInterface: "any",
  context: "",
  namespace: "",
  pod: "",
  container: "",
  path: "",
  generator: "",
  setting: "",
  settingValue: "",
  filter: "",
  ring: false,
  ringMegabytes: "100",
  ringFiles: "10",
  stopAfter: "",
  add: false,
};

export type CaptureCheck =
  { readonly ok: true; readonly options: LiveOptions } | { readonly ok: false; readonly missing: string };

export function captureOptions(choice: CaptureChoice): CaptureCheck {
  const source = sourceOf(choice);
  if (typeof source === "string") return { ok: false, missing: source };
  const isRecorded = choice.kind === "interfaces" || choice.kind === "ssh" || choice.kind === "pod";
  const megabytes = wholeNumber(choice.ringMegabytes, 1, 100_000);
  const files = wholeNumber(choice.ringFiles, 2, 1000);
  if (isRecorded && choice.ring && (megabytes === null || files === null))
    return { ok: false, missing: "A ring has files of 1 to 100,000 MB, and 2 to 1,000 of them." };
  const stopAfter = choice.stopAfter.trim() === "" ? null : wholeNumber(choice.stopAfter, 1, 10_000_000);
  if (choice.stopAfter.trim() !== "" && stopAfter === null)
    return { ok: false, missing: "Stopping at a size needs a whole number of megabytes." };
  return {
    ok: true,
    options: {
      source,
      captureFilter: isRecorded ? choice.filter.trim() : "",
      ring: isRecorded && choice.ring && megabytes !== null && files !== null ? { megabytes, files } : null,
      stopAfterMegabytes: stopAfter,
      add: choice.add,
    },
  };
}

function sourceOf(choice: CaptureChoice): LiveSource | string {
  switch (choice.kind) {
    case "interfaces":
      return choice.interfaces.length === 0
        ? "Choose at least one interface."
        : { kind: "interfaces", interfaces: [...choice.interfaces] };
    case "ssh": {
      if (choice.host.trim() === "") return "Name the machine: user@host.";
      const port = choice.port.trim() === "" ? null : wholeNumber(choice.port, 1, 65535);
      if (choice.port.trim() !== "" && port === null) return "A port is a number from 1 to 65535.";
      return {
        kind: "ssh",
        host: choice.host.trim(),
        port,
        interface: choice.remoteInterface.trim() || "any",
        sudo: choice.sudo,
      };
    }
    case "pod":
      if (choice.pod.trim() === "") return "Name the pod.";
      return {
        kind: "pod",
        context: choice.context.trim(),
        namespace: choice.namespace.trim(),
        pod: choice.pod.trim(),
        container: choice.container.trim(),
        interface: choice.remoteInterface.trim() || "any",
      };
    case "pipe":
      if (choice.path.trim() === "") return "Name the pipe or the file.";
      return { kind: "file", path: choice.path.trim() };
    case "generator": {
      if (choice.generator === "") return "Choose what is to be simulated.";
      const value = Number(choice.settingValue);
      if (choice.settingValue.trim() === "" || !(value >= 0)) return `The ${choice.setting} is a number from 0.`;
      return { kind: "generator", name: choice.generator, options: { [choice.setting]: value } };
    }
  }
}

function wholeNumber(text: string, least: number, most: number): number | null {
  const value = Number(text.trim());
  return /^\d+$/.test(text.trim()) && value >= least && value <= most ? value : null;
}

/** A kept choice may be of another version, or of anybody. */
export function isCaptureChoice(value: unknown): CaptureChoice | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const known = value as Record<string, unknown>;
  for (const [name, example] of Object.entries(NO_CHOICE)) {
    const given = known[name];
    if (Array.isArray(example) ? !isTexts(given) : typeof given !== typeof example) return undefined;
  }
  if (!CAPTURE_KINDS.some((kind) => kind.id === known["kind"])) return undefined;
  return value as CaptureChoice;
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((entry) => typeof entry === "string");
}
