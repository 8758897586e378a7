/** The name an export is offered under. */
import { expect, it } from "vitest";
import { exportName } from "../../../src-renderer/viewmodel/export-choice";

it("an export's name is a name with the right ending, never a path", () => {
  expect(exportName("web", "csv")).toBe("web.csv");
  expect(exportName("web.PCAPNG", "pcapng")).toBe("web.PCAPNG");
  expect(exportName("../../etc/passwd", "json")).toBe("..-..-etc-passwd.json");
  expect(exportName("  ", "pcapng")).toBe("packets.pcapng");
});
