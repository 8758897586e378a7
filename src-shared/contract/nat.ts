/**
 * Requests about translations and imported files: the table the kernel would have, compared with what its connection tracking
 * told; what could not be read of files a person imported.
 */
import * as v from "valibot";
import { path, text } from "../schema/limited";
import type { EndpointJson } from "./join";
import type { PacketId, WorkspaceState } from "./results";

const paths = v.pipe(v.array(path), v.maxLength(1000));

export const natRequests = {
  /** Files of conntrack's output, instead of those before. */
  "workspace.setConntrack": v.strictObject({ paths }),
  /** Reads cluster and conntrack files and says what could not be understood: before they are used, or after. */
  "import.check": v.strictObject({ cluster: paths, conntrack: paths }),
  /** One row of table "nat", by its key. */
  "nat.entry": v.strictObject({ key: text(300) }),
} as const;

export interface NatResults {
  "workspace.setConntrack": WorkspaceState;
  "import.check": { readonly files: readonly ImportedFile[] };
  "nat.entry": NatEntryInfo;
}

export interface ImportedFile {
  readonly path: string;
  readonly kind: "cluster" | "conntrack";
  /** "3 nodes, 12 pods, 4 services" or "212 entries"; "" if nothing was found in it. */
  readonly holds: string;
  /** Nothing of it can be used. */
  readonly unusable: boolean;
  readonly problems: readonly ImportProblem[];
}

export interface ImportProblem {
  /** From 1; 0: the whole file. */
  readonly line: number;
  /** "items[3].spec.ports[0].port"; "": the document itself. */
  readonly place: string;
  /** What was expected and what was found. */
  readonly message: string;
}

/** "none": nothing was imported. */
export type NatVerdict = "none" | "equal" | "packets-only" | "told-only" | "differs";

export interface NatTuple {
  readonly source: EndpointJson;
  readonly destination: EndpointJson;
}

export interface NatEvidence {
  readonly text: string;
  /** The packets that show it: before and after the change. */
  readonly packets: readonly {
    readonly packet: PacketId;
    readonly number: number;
    /** The capture point's name, and its id. */
    readonly point: string;
    readonly pointId: string;
  }[];
}

export interface NatEntryInfo {
  readonly key: string;
  /** Id of the connection whose packets show it; null: only told. */
  readonly connection: string | null;
  readonly protocol: string;
  /** "dnat" "snat" "icmp-id" */
  readonly kinds: readonly string[];
  readonly node: string | null;
  readonly original: NatTuple;
  readonly reply: NatTuple;
  /** In connection tracking's words: ESTABLISHED, TIME_WAIT, UNREPLIED …; null: nothing says. */
  readonly state: string | null;
  /** Linux's default: so long after the last packet the kernel forgets such an entry. Null: no state. */
  readonly timeoutSeconds: number | null;
  readonly evidence: readonly NatEvidence[];
  readonly verdict: NatVerdict;
  /** The verdict in words: what is equal, what differs with what. */
  readonly verdictText: string;
  /** The told entry; null: none. */
  readonly told: {
    readonly file: string;
    readonly line: number;
    readonly original: NatTuple;
    readonly reply: NatTuple;
    readonly state: string | null;
    readonly flags: readonly string[];
  } | null;
}
