/**
 * The notes on packets of an open workspace, as filters and exports see them: told by the window (notes.show), and the
 * comments of the captures themselves.
 *
 * ```
 * packet 12 ─► [note a, note b, comment]        values("text", 12) ─► "MTU", "why?", "tshark says …"
 * ```
 * A map of packets that have any: 50,000 notes on ten million packets cost what 50,000 cost.
 */
import { lowerBound } from "../../../src-shared/base/search";
import type { PacketId } from "../../../src-shared/contract/results";

export interface PacketNote {
  readonly id: string;
  readonly packets: readonly PacketId[];
  readonly text: string;
  readonly tags: readonly string[];
  readonly author: string;
  readonly colour: string;
  /** Text for exported files; null: not written. */
  readonly comment: string | null;
}

/** What annotation.<part> tells; "" is `annotation` itself. */
export type NotePart = "" | "text" | "tag" | "author" | "colour";

export class PacketNotes {
  /** What the window told, by id. */
  private readonly notes = new Map<string, PacketNote>();
  private readonly byPacket = new Map<PacketId, PacketNote[]>();
  private readonly comments = new Map<PacketId, readonly string[]>();
  private sorted: Uint32Array | undefined;
  /** Comments of packets below this id are known. */
  private commentsKnownTo = 0;

  /** @param firstId id of a file's first packet */
  constructor(readonly firstId: (file: number) => PacketId) {}

  clear(): void {
    this.notes.clear();
    this.byPacket.clear();
    this.sorted = undefined;
  }

  set(note: PacketNote): void {
    this.remove(note.id);
    this.notes.set(note.id, note);
    for (const packet of note.packets) {
      const others = this.byPacket.get(packet);
      if (others) others.push(note);
      else this.byPacket.set(packet, [note]);
    }
    this.sorted = undefined;
  }

  remove(id: string): void {
    const note = this.notes.get(id);
    if (!note) return;
    this.notes.delete(id);
    for (const packet of note.packets) {
      const left = (this.byPacket.get(packet) ?? []).filter((other) => other.id !== id);
      if (left.length > 0) this.byPacket.set(packet, left);
      else this.byPacket.delete(packet);
    }
    this.sorted = undefined;
  }

  /** Comments of a packet of the capture; `to`: all packets before have been looked at. */
  setComments(packet: PacketId, texts: readonly string[]): void {
    this.comments.set(packet, texts);
    this.sorted = undefined;
  }

  commentsAreKnown(to: PacketId): void {
    this.commentsKnownTo = to;
  }

  /** Whether every comment of packets below `count` is here: filters then need not read the files. */
  knowsComments(count: number): boolean {
    return this.commentsKnownTo >= count;
  }

  /** Texts to write as comments of a packet, in the order the notes were told. */
  commentsFor(packet: PacketId): string[] {
    return (this.byPacket.get(packet) ?? []).flatMap(({ comment }) => (comment === null ? [] : [comment]));
  }

  /** Texts to write as comments of the file: notes on nothing that is a packet. */
  fileComments(): string[] {
    return [...this.notes.values()].flatMap(({ packets, comment }) =>
      packets.length === 0 && comment !== null ? [comment] : [],
    );
  }

  get isEmpty(): boolean {
    return this.notes.size === 0;
  }

  /** Calls `visit` for every value of packets `from` … `to` - 1, in their order. */
  values(part: NotePart, from: PacketId, to: PacketId, visit: (packet: PacketId, text: string) => void): void {
    const ids = this.annotated();
    for (let at = lowerBound(ids, from); at < ids.length && (ids[at] as number) < to; at++) {
      const packet = ids[at] as number;
      this.notesOf(packet, part, (text) => visit(packet, text));
      if (part === "" || part === "text") for (const text of this.comments.get(packet) ?? []) visit(packet, text);
    }
  }

  /** Values of one packet's notes, without the capture's comments. */
  notesOf(packet: PacketId, part: NotePart, visit: (text: string) => void): void {
    for (const note of this.byPacket.get(packet) ?? []) {
      if (part === "tag") for (const tag of note.tags) visit(tag);
      else visit(part === "" ? "" : note[part]);
    }
  }

  /** Values of a part that occur, with how often. */
  occurring(part: "tag" | "author" | "colour"): Map<string, number> {
    const counts = new Map<string, number>();
    for (const note of this.notes.values())
      for (const value of part === "tag" ? note.tags : [note[part]]) counts.set(value, (counts.get(value) ?? 0) + 1);
    return counts;
  }

  private annotated(): Uint32Array {
    this.sorted ??= Uint32Array.from(new Set([...this.byPacket.keys(), ...this.comments.keys()])).sort();
    return this.sorted;
  }
}
