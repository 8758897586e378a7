/** Answers what the window asks about notes: which recordings are open, what packets are tied by, where they are now. */
import type { PacketAnchor } from "../../../src-shared/annotations/annotation";
import { ANCHOR_NUMBERS, type CapturedComments, type OpenRecording } from "../../../src-shared/contract/annotations";
import { ContractError } from "../../../src-shared/contract/messages";
import type { PacketId } from "../../../src-shared/contract/results";
import { parseShownNotes } from "../../../src-shared/contract/shown-notes";
import { visitOptions } from "../fields/frame-fields";
import { ROW_HAS_COMMENT } from "../kernel/assembly/abi";
import { SEGMENT_MASK, SEGMENT_ROWS } from "../packet-index/packet-index";
import { OPTION_COMMENT, optionText } from "../readers/pcapng-blocks";
import type { Engine, Handlers, OpenCaptures, RequestContext } from "../service/handlers";
import { searchByOrdinal, searchByTime } from "./packet-search";
import { anchorOf, recordingHash } from "./recording-hash";

/** Places with comments that are told at once. */
const MOST_COMMENTS = 50_000;

export function notesHandlers(engine: Engine): Handlers {
  /** Hashes are asked for often, and never change once they are there. */
  const hashes = new WeakMap<OpenCaptures, Map<number, string>>();
  const hashOf = (captures: OpenCaptures, file: number): string | null => {
    const known = hashes.get(captures) ?? new Map<number, string>();
    hashes.set(captures, known);
    const hash = known.get(file) ?? readable(() => recordingHash(captures, file));
    if (hash !== null) known.set(file, hash);
    return hash;
  };

  return {
    "notes.recordings": () => ({
      recordings: engine
        .workspaceState()
        .files.map(({ file, packets }): OpenRecording => ({ file, hash: hashOf(engine.captures(), file), packets })),
    }),

    "notes.anchors": async ({ packets }, context) => {
      const captures = engine.captures();
      const anchors: (PacketAnchor | null)[] = [];
      for (const packet of packets) {
        if (packet >= captures.index.count) throw new ContractError("gone", `there is no packet ${packet}`);
        const hash = hashOf(captures, captures.index.fileOf(packet));
        anchors.push(hash === null ? null : anchorOf(captures, packet, hash));
        await context.breathe();
      }
      return { anchors };
    },

    "notes.resolve": ({ recordings, anchors }) => {
      const captures = engine.captures();
      const files = captures.workspace.files.map((_, file) => hashOf(captures, file));
      const fileOf = recordings.map((hash) => files.indexOf(hash));
      const numbers = new Float64Array(anchors.slice().buffer);
      const packets = new Int32Array(numbers.length / ANCHOR_NUMBERS);
      for (let i = 0; i < packets.length; i++) {
        const at = i * ANCHOR_NUMBERS;
        packets[i] = packetAt(captures, fileOf[numbers[at] as number] ?? -1, numbers.subarray(at, at + ANCHOR_NUMBERS));
      }
      return { packets: new Uint8Array(packets.buffer) };
    },

    "notes.search": ({ anchors, by }, context) =>
      by === "time"
        ? searchByTime(engine.captures(), anchors, context)
        : searchByOrdinal(engine.captures(), anchors, by === "ordinal-alike", context),

    "notes.comments": (_, context) => capturedComments(engine.captures(), hashOf, context),

    "notes.show": ({ clear, removed, notes }) => {
      const shown = engine.captures().notes;
      if (clear) shown.clear();
      for (const id of removed) shown.remove(id);
      for (const note of parseShownNotes(notes)) shown.set(note);
      return null;
    },
  };
}

/** A file that is gone or was cut has no hash, and its notes wait until it is whole again. */
function readable(hash: () => string | null): string | null {
  try {
    return hash();
  } catch (error) {
    if (error instanceof ContractError) return null;
    throw error;
  }
}

/** `anchor`: recording, ordinal, seconds, nanoseconds. -1 unless the packet with that ordinal has that time. */
function packetAt({ index }: OpenCaptures, file: number, anchor: Float64Array): PacketId {
  const [, ordinal = 0, seconds = 0, nanoseconds = 0] = anchor;
  if (file < 0 || !Number.isInteger(ordinal) || ordinal < 1) return -1;
  const [from, to] = index.rangeOf(file);
  const packet = from + ordinal - 1;
  if (packet >= to) return -1;
  const sameTime =
    index.seconds(packet) === seconds &&
    Math.floor(index.nanoseconds(packet) / 1000) === Math.floor(nanoseconds / 1000);
  return sameTime ? packet : -1;
}

/** All comments there are, and remembers those of packets for filters. */
async function capturedComments(
  captures: OpenCaptures,
  hashOf: (captures: OpenCaptures, file: number) => string | null,
  context: RequestContext,
): Promise<{ comments: CapturedComments[]; truncated: boolean }> {
  const comments: CapturedComments[] = [];
  const none = { packet: -1, anchor: null, point: -1, interface: -1 };
  captures.workspace.files.forEach((capture, file) => {
    for (const section of capture.sections)
      if (section.comments.length > 0)
        comments.push({
          ...none,
          place: "section",
          file,
          texts: section.comments,
          tool: section.application ?? null,
        });
    for (const described of capture.interfaces)
      if (described.comments.length > 0)
        comments.push({
          ...none,
          place: "interface",
          file,
          point: described.point,
          interface: described.index,
          texts: described.comments,
          tool: capture.sections[described.section]?.application ?? null,
        });
  });
  const { index, reader, notes } = captures;
  const { count } = index;
  let truncated = false;
  for (const [s, segment] of index.segments.entries()) {
    const rows = Math.min(SEGMENT_ROWS, count - s * SEGMENT_ROWS);
    for (let row = 0; row < rows; row++) {
      if (!((segment.flags[row] as number) & ROW_HAS_COMMENT)) continue;
      const packet = (s * SEGMENT_ROWS) | (row & SEGMENT_MASK);
      if (comments.length >= MOST_COMMENTS) {
        truncated = true;
        continue;
      }
      const { batch, file } = reader.decode(packet);
      const texts: string[] = [];
      visitOptions(batch, 0, (code, start, length) => {
        if (code === OPTION_COMMENT) texts.push(optionText(batch.bytes, { code, start, length }));
      });
      const hash = hashOf(captures, file);
      comments.push({
        ...none,
        place: "packet",
        file,
        packet,
        anchor: hash === null ? null : anchorOf(captures, packet, hash),
        texts,
        tool: captures.workspace.files[file]?.sections[0]?.application ?? null,
      });
      notes.setComments(packet, texts);
      context.progress(packet, count, "reading comments");
      await context.breathe();
    }
    await context.breathe();
  }
  if (!truncated) notes.commentsAreKnown(count);
  return { comments, truncated };
}
