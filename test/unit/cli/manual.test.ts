/** docs/CLI.md names what the commands print, and `--help` every option: neither may fall behind. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { COMMANDS, overview } from "../../../src-main/hosts/cli/commands";
import { UsageError } from "../../../src-main/hosts/cli/usage";
import { hopscope } from "../../builders/shared-data";

const FILES = ["fixtures/service-vxlan-node1.pcapng", "fixtures/service-vxlan-node2.pcapng"];
const manual = readFileSync("docs/CLI.md", "utf8");

/** The manual's chapter about a command. */
function chapter(command: string): string {
  return manual.split(/^## /m).find((part) => part.startsWith(`${command}\n`)) ?? "";
}

/** Names of an object and of all below it; what stands under names that are data (counts by reason) is left out. */
function namesIn(value: unknown, names = new Set<string>()): Set<string> {
  if (Array.isArray(value)) for (const one of value) namesIn(one, names);
  else if (typeof value === "object" && value !== null)
    for (const [name, inner] of Object.entries(value)) {
      names.add(name);
      if (!["blocks", "withheld", "withoutNetworkLayer", "alone"].includes(name)) namesIn(inner, names);
    }
  return names;
}

describe("docs/CLI.md names every key of the JSON of", () => {
  // A finding, a problem: what the two nodes do not show.
  const others = ["fixtures/icmp-errors.pcapng", "fixtures/damaged-truncated.pcapng"];
  const json = (...args: string[]): { connections?: { id: string }[] } =>
    JSON.parse(hopscope(...args, ...FILES, ...others, "--json").stdout) as { connections?: { id: string }[] };

  it.each(["info", "flows", "connections", "findings", "model"])("%s", (command) => {
    const text = chapter(command);
    // Tables of one chapter are referred to by another.
    const missing = [...namesIn(json(command))].filter((name) => !new RegExp(`\\b${name}\\b`).test(text));
    expect(missing).toEqual([]);
  });

  it("journeys", () => {
    const id = json("connections").connections?.[0]?.id ?? "";
    const text = chapter("journeys") + chapter("connections");
    const names = [...namesIn(json("journeys", "--connection", id)), ...namesIn(json("journeys"))];
    expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(text))).toEqual([]);
  });
});

describe("--help", () => {
  it.each([...COMMANDS.values()])("of $name shows its usage in lines that fit a screen", ({ name, about, help }) => {
    expect(help).toMatch(new RegExp(`^Usage: hopscope ${name} `));
    expect(help.split("\n").filter((line) => line.length > 140)).toEqual([]);
    expect(overview()).toContain(about);
  });
});

describe("options", () => {
  const run = (command: string, ...args: string[]): Promise<number> | undefined => COMMANDS.get(command)?.run(args);

  it.each([
    [["flows", "--jsno"], "--jsno is no option of hopscope flows; did you mean --json?"],
    [["flows", "--json=1"], "--json takes no value"],
    [["fields", "-e"], "--field needs a value: --field FIELD"],
    [["export", "--to", "--journeys"], "--to needs a value: --to NAME"],
    [["packets", "-c", "none"], "--count none: expected a whole number from 1"],
    [["flows", "--threads", "3"], "--threads 3: expected one of 1 2"],
    [["serve", "--port", "70000"], "--port 70000: expected a number from 0 (any free port) to 65535"],
  ])("%j is refused", ([command = "", ...args], message) => {
    // Before anything is read or started.
    expect(() => run(command, ...args)).toThrow(UsageError);
    expect(() => run(command, ...args)).toThrow(message);
  });

  it("that are wrong end the program with 2 and one line", () => {
    expect(hopscope("flow")).toEqual({
      status: 2,
      stdout: "",
      stderr: "hopscope: no command is named flow; did you mean flows? (hopscope --help lists them)\n",
    });
  });

  it("may stand before and behind files, and what stands behind -- is a file", () => {
    const [file = ""] = FILES;
    expect(hopscope("info", "--json", file).stdout).toBe(hopscope("info", file, "--json").stdout);
    expect(hopscope("info", "--", "--json").stderr).toContain("--json: ");
    expect(hopscope("info", file, "--help").stdout).toContain("Usage: hopscope info");
  });
});
