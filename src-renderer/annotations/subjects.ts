/** What a note can be about, made from what the window shows: subject, recordings and place in one. */
import { firstNode } from "../viewmodel/packet-tree";
import {
  type Annotation,
  type ConnectionAnchor,
  type PacketAnchor,
  packetsOf,
  type Subject,
} from "../../src-shared/annotations/annotation";
import type { ConnectionJson, JourneyInfo, SightingInfo } from "../../src-shared/contract/join";
import type { DetailNode, PacketId, PointState, TimeValue } from "../../src-shared/contract/results";
import { ContractError } from "../../src-shared/contract/messages";
import { call } from "../bridge/engine";
import { workspace } from "../state/workspace.svelte";
import { type NotePlace, NOWHERE } from "./note-index";
import { notes } from "./notes.svelte";

/** A subject that a note is about to be written on. */
export interface Target {
  readonly subject: Subject;
  readonly recordings: readonly string[];
  readonly place: NotePlace;
}

export async function packetTarget(packet: PacketId): Promise<Target> {
  const [anchor] = await anchorsOf([packet]);
  return onPackets({ kind: "packet", packet: anchor as PacketAnchor }, [packet]);
}

/** A node of the packet's tree: the n-th of its name, so that it is found again when other layers come before it. */
export async function fieldTarget(packet: PacketId, tree: readonly DetailNode[], node: DetailNode): Promise<Target> {
  const [anchor] = await anchorsOf([packet]);
  const { field, occurrence } = fieldOf(tree, node);
  const label = node.text.slice(0, 2000);
  return onPackets({ kind: "field", packet: anchor as PacketAnchor, field, occurrence, label }, [packet]);
}

export async function journeyTarget(connection: ConnectionJson, journey: JourneyInfo): Promise<Target> {
  const first = journey.sightings[0];
  if (!first) throw new ContractError("gone", "this journey has no packet to tie a note to");
  const [anchor] = await anchorsOf([first.packet]);
  const label = journey.label.slice(0, 500);
  return onPackets(
    { kind: "journey", connection: connectionAnchor(connection), first: anchor as PacketAnchor, label },
    [first.packet],
    connection.id,
  );
}

export async function hopTarget(
  connection: ConnectionJson,
  before: SightingInfo,
  after: SightingInfo,
  label: string,
): Promise<Target> {
  const [from, to] = await anchorsOf([before.packet, after.packet]);
  return onPackets(
    {
      kind: "hop",
      connection: connectionAnchor(connection),
      before: from as PacketAnchor,
      after: to as PacketAnchor,
      label: label.slice(0, 500),
    },
    [before.packet, after.packet],
    connection.id,
  );
}

export async function connectionTarget(connection: ConnectionJson): Promise<Target> {
  const { id } = connection;
  const { packets: tied } = await call("notes.packetsOfConnection", { id });
  const anchor = { ...connectionAnchor(connection), packets: await anchorsOf(tied) };
  const target = elsewhere({ kind: "connection", connection: anchor });
  return { ...target, place: { ...target.place, tied, connection: id } };
}

/** A row of a table that is made of packets. */
export function flowTarget(label: string, filter: string): Target {
  return elsewhere({ kind: "flow", label: label.slice(0, 500), filter });
}

export function podTarget(name: string): Target {
  return elsewhere({ kind: "pod", name });
}

export function serviceTarget(name: string): Target {
  return elsewhere({ kind: "service", name });
}

export function timeTarget(at: TimeValue): Target {
  return elsewhere({ kind: "time", at: timeOf(at) });
}

export function rangeTarget(from: TimeValue, to: TimeValue): Target {
  return elsewhere({ kind: "time-range", from: timeOf(from), to: timeOf(to) });
}

export function pointTarget(point: PointState): Target {
  const recording = notes.hashOf(point.file);
  if (recording === null) throw notYet();
  const number = workspace.pointsOf(point.file).findIndex((other) => other.point === point.point);
  return {
    subject: { kind: "capture-point", recording, interface: number, name: point.name.slice(0, 500) },
    recordings: [recording],
    place: NOWHERE,
  };
}

/** Name and occurrence of a node: `counterpart` finds it again. Text without a name goes by its text. */
function fieldOf(
  tree: readonly DetailNode[],
  node: DetailNode,
): { readonly field: string; readonly occurrence: number } {
  const field = (node.field ?? node.text).slice(0, 500);
  let occurrence = 0;
  const isBefore = (other: DetailNode): boolean => {
    if (other === node) return true;
    if ((other.field ?? other.text).slice(0, 500) === field) occurrence++;
    return other.children.some(isBefore);
  };
  tree.some(isBefore);
  return { field, occurrence };
}

/** The n-th node of a name, in the tree's order. */
export function isNthField(field: string, occurrence: number): (node: DetailNode) => boolean {
  let left = occurrence;
  return (node) => (node.field ?? node.text).slice(0, 500) === field && left-- === 0;
}

/** The fields of a tree that have notes, by their nodes. */
export function notedFields(
  tree: readonly DetailNode[],
  there: readonly Annotation[],
): ReadonlyMap<DetailNode, readonly Annotation[]> {
  const found = new Map<DetailNode, Annotation[]>();
  for (const note of there) {
    if (note.subject.kind !== "field") continue;
    const node = firstNode(tree, isNthField(note.subject.field, note.subject.occurrence));
    if (node) found.set(node, [...(found.get(node) ?? []), note]);
  }
  return found;
}

function timeOf([seconds, nanoseconds]: TimeValue): string {
  return `${seconds}.${String(nanoseconds).padStart(9, "0")}`;
}

export function timeValue(text: string): TimeValue {
  const point = text.indexOf(".");
  return [Number(text.slice(0, point)), Number(text.slice(point + 1))];
}

function connectionAnchor({ id, protocol, client, requested, server, firstTime }: ConnectionJson): ConnectionAnchor {
  const { ip, port } = requested ?? server;
  return {
    id,
    protocol,
    client: { ip: client.ip, port: client.port },
    server: { ip, port },
    // The contract's decimal text; always nine digits.
    firstTime: `${firstTime.split(".")[0] ?? "0"}.${(firstTime.split(".")[1] ?? "").padEnd(9, "0").slice(0, 9)}`,
  };
}

async function anchorsOf(packets: readonly PacketId[]): Promise<PacketAnchor[]> {
  const { anchors } = await call("notes.anchors", { packets: [...packets] });
  return anchors.map((anchor) => {
    if (!anchor) throw notYet();
    return anchor;
  });
}

function notYet(): ContractError {
  return new ContractError(
    "unsupported",
    "Too little of the recording is read to know it again: a note needs 32 packets, or the whole file.",
  );
}

function onPackets(subject: Subject, packets: readonly PacketId[], connection?: string): Target {
  const recordings = [...new Set(packetsOf(subject).map(({ recording }) => recording))];
  return { subject, recordings, place: { packets, kind: "here", ...(connection !== undefined && { connection }) } };
}

/** Not in one file: the note belongs to everything that is open. */
function elsewhere(subject: Subject): Target {
  const recordings = notes.openHashes.slice(0, 1000);
  if (recordings.length === 0) throw notYet();
  return { subject, recordings, place: NOWHERE };
}
