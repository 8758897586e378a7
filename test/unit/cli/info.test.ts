/** What `hopscope info` says of captures that are not as they should be. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { collectChunks } from "../../../src-shared/wire/write/capture-chunks";
import { PcapngWriter } from "../../../src-shared/wire/write/pcapng";
import { hopscope } from "../../builders/shared-data";

const FRAME = Uint8Array.from([...new Array<number>(12).fill(2), 0x88, 0xb5, 1, 2, 3, 4]);

function info(
  write: (w: PcapngWriter) => void,
  change?: (bytes: Uint8Array) => Uint8Array,
): ReturnType<typeof hopscope> {
  const folder = mkdtempSync(join(tmpdir(), "hopscope-"));
  try {
    const bytes = collectChunks((sink) => {
      const w = new PcapngWriter(sink);
      w.beginSection();
      write(w);
      w.flush();
    });
    const path = join(folder, "capture.pcapng");
    writeFileSync(path, change ? change(bytes) : bytes);
    return hopscope("info", path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const at = (seconds: number, interfaceId = 0): Parameters<PcapngWriter["packet"]>[0] => ({
  time: { seconds, nanoseconds: 0 },
  bytes: FRAME,
  interfaceId,
});

describe("hopscope info", () => {
  it("counts packets earlier than one before them, on whichever interface that came", () => {
    const { stdout, status } = info((w) => {
      w.addInterface({ linkType: 1 });
      w.addInterface({ linkType: 1 });
      w.packet(at(1));
      w.packet(at(5, 1));
      w.packet(at(2));
      w.packet(at(6, 1));
    });
    expect(stdout).toContain("1 packets earlier than one before them");
    expect(status).toBe(0);
  });

  it("says where the description of the interface is missing", () => {
    const { stderr, status } = info(
      (w) => {
        w.addInterface({ linkType: 1 });
        w.packet(at(1));
      },
      // The interface's block is taken out; the section's is 28 bytes or, with options, what its length says.
      (bytes) => {
        const view = new DataView(bytes.buffer, bytes.byteOffset);
        const section = view.getUint32(4, true);
        const from = section + view.getUint32(section + 4, true);
        return Uint8Array.from([...bytes.subarray(0, section), ...bytes.subarray(from)]);
      },
    );
    expect(stderr).toContain(
      "expected the description of an interface before the first packet, which names interface 0; the packet is left out",
    );
    expect(status).toBe(1);
  });
});
