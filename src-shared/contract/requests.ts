/**
 * Every request the interface can make: a schema for its parameters (the engine's side refuses what it does not fit) and the
 * type of its result. The only description of the boundary; `Params<"packets.rows">` and `Results["packets.rows"]` follow.
 */
import * as v from "valibot";
import { DECODE_AS } from "../model/decode-as";
import { POINT_ROLES } from "../model/point-role";
import type { Finding } from "../model/finding";
import type { RuleVerdict } from "../model/model-rule";
import { type AroundResults, aroundRequests } from "./around";
import { type LiveResults, liveRequests } from "./live";
import { joinedRequests, type JoinedResults } from "./joined";
import { mapRequests, type MapResults } from "./map";
import type { ConnectionJson, ConnectionJourneys, PacketJourney, TopologyInfo } from "./join";
import { MENU_STATE_HOST_METHODS, type MenuStateResults, menuStateRequests } from "./menu-state";
import { natRequests, type NatResults } from "./nat";
import { type AnnotationResults, NOTES_HOST_METHODS, annotationRequests } from "./annotations";
import { type LessonResults, lessonRequests } from "./lessons";
import { REPORT_HOST_METHODS, type ReportResults, reportRequests } from "./report";
import type {
  AppInfo,
  Completion,
  FilterCheck,
  FolderEntry,
  FollowedStream,
  PacketDetails,
  PacketId,
  PacketRow,
  TableRow,
  TableState,
  Timeline,
  ViewState,
  WorkspaceState,
  Written,
} from "./results";
import { MOST_CHOSEN } from "./most-chosen";
import { filter, index, path, text, whole } from "../schema/limited";
import { type WorkspaceFileResults, workspaceFileRequests } from "./workspace-file";

const count = (limit: number) => whole(0, limit);
const time = v.tuple([v.pipe(v.number(), v.integer()), whole(0, 999_999_999)]);
const nothing = v.strictObject({});
const sort = v.array(v.strictObject({ column: text(200), descending: v.boolean() }));
const role = v.picklist(POINT_ROLES);
const decodeAs = v.strictObject({
  what: text(200),
  value: whole(0, 65535),
  as: v.picklist(DECODE_AS),
});
/** JSON the engine keeps for the interface and does not look into. */
const json = text(4_000_000);

export const requests = {
  "app.info": nothing,
  /** Settings are text by name, kept where both hosts find them again. */
  "settings.get": v.strictObject({ name: text(100) }),
  "settings.set": v.strictObject({ name: text(100), value: v.nullable(json) }),

  /** Native dialog; fails with "unsupported" where there is none. */
  "files.pick": v.strictObject({ title: text(200), folders: v.boolean(), multiple: v.boolean() }),
  "files.pickSave": v.strictObject({ title: text(200), name: text(255) }),
  /** Folder listing for the window's own file chooser (browser host). An empty path: the home or start folder. */
  "files.list": v.strictObject({ path }),
  "files.forgetRecent": nothing,

  /** Opens files, folders or globs; `add` keeps what is open. Answers at once; events tell the rest. */
  "workspace.open": v.strictObject({
    paths: v.pipe(v.array(path), v.minLength(1), v.maxLength(10_000)),
    add: v.boolean(),
  }),
  "workspace.state": nothing,
  "workspace.close": v.strictObject({ file: v.nullable(index) }),
  "workspace.reload": nothing,
  /** Stops loading; what was read stays. */
  "workspace.cancel": nothing,
  "workspace.setPoint": v.strictObject({
    point: index,
    enabled: v.optional(v.boolean()),
    /** null: back to the captured name, the inferred role. */
    name: v.optional(v.nullable(text(200))),
    role: v.optional(v.nullable(role)),
  }),
  "workspace.setClockOffset": v.strictObject({ file: index, seconds: v.nullable(v.pipe(v.number(), v.finite())) }),
  "workspace.setDecodeAs": v.strictObject({ rules: v.pipe(v.array(decodeAs), v.maxLength(200)) }),
  "workspace.setCluster": v.strictObject({ paths: v.pipe(v.array(path), v.maxLength(1000)) }),

  "filter.check": v.strictObject({ filter }),
  /** What could follow at the cursor: fields, values that occur, operators. */
  "filter.complete": v.strictObject({ filter, cursor: index }),

  /** Opens a view. Rows come as they are found ("view" events). Without a filter: all packets of enabled points. */
  "packets.open": v.strictObject({ filter, sort, ignored: v.pipe(v.array(index), v.maxLength(MOST_CHOSEN)) }),
  "packets.close": v.strictObject({ view: index }),
  /** `columns`: ids of contract/columns.ts, or any field's name. */
  "packets.rows": v.strictObject({
    view: index,
    from: index,
    count: count(2000),
    columns: v.pipe(v.array(text(200)), v.maxLength(60)),
  }),
  /** Row of a packet in a view, -1 if it is not in it. */
  "packets.locate": v.strictObject({ view: index, packet: index }),
  /** The packet whose frame.number is that; the first file's unless told. -1: none. */
  "packets.byNumber": v.strictObject({ number: index, file: v.nullable(index) }),
  /** Colour rules of the view in `buckets` equal parts, for the minimap scrollbar: one byte a bucket, 255 none. */
  "packets.minimap": v.strictObject({ view: index, buckets: count(4096) }),
  /** Next row whose packet matches: a filter, text in summary or details, hex bytes. Row, or -1. */
  "packets.find": v.strictObject({
    view: index,
    from: v.pipe(v.number(), v.integer(), v.minValue(-1)),
    backwards: v.boolean(),
    by: v.picklist(["filter", "text", "hex"]),
    query: text(20_000),
    caseSensitive: v.boolean(),
  }),
  /** Next or previous row of the same stream. Row, or -1. */
  "packets.neighbour": v.strictObject({ view: index, packet: index, backwards: v.boolean() }),
  /** Packets of the view's first rows, in its order. */
  "packets.ids": v.strictObject({ view: index, count: count(MOST_CHOSEN) }),
  /** The row of one of these packets that comes next after `from`, from the last to the first. -1: none is in the view. */
  "packets.nextOf": v.strictObject({
    view: index,
    from: v.pipe(v.number(), v.integer(), v.minValue(-1)),
    backwards: v.boolean(),
    packets: v.pipe(v.array(index), v.maxLength(MOST_CHOSEN)),
  }),
  /** First row at or after a time. */
  "packets.atTime": v.strictObject({ view: index, time }),

  "packet.details": v.strictObject({ packet: index }),
  "stream.follow": v.strictObject({ packet: index, maxBytes: count(16_000_000) }),

  "table.open": v.strictObject({
    /** flows conversations endpoints hierarchy connections findings names … */
    name: text(60),
    /** By table; see contract/tables.ts. */
    options: v.record(text(60), v.union([text(4096), v.number(), v.boolean()])),
    /** Only packets of this view; null: of all enabled points. */
    view: v.nullable(index),
    /** Rows that hold this text. */
    search: text(1000),
    sort,
  }),
  "table.rows": v.strictObject({ table: index, from: index, count: count(5000) }),
  "table.close": v.strictObject({ table: index }),
  /** All rows as CSV text. */
  "table.csv": v.strictObject({ table: index }),

  "stats.timeline": v.strictObject({
    /** null: whole time span. A packet at the time `to` is beyond it, but with null the last one is in. */
    from: v.nullable(time),
    to: v.nullable(time),
    buckets: v.pipe(count(20_000), v.minValue(1)),
    /** One series each: everything, each point, each protocol, each of `filters`. */
    by: v.picklist(["all", "point", "protocol", "filters"]),
    filters: v.pipe(v.array(filter), v.maxLength(20)),
    view: v.nullable(index),
  }),

  /** Writes packets of a view (all of it, or some) to a file: pcapng csv json ndjson conn.log by its name. */
  "export.write": v.strictObject({
    view: index,
    packets: v.nullable(v.pipe(v.array(index), v.maxLength(1_000_000))),
    /** With native dialogs the path they gave; in a browser a file name: the host keeps it for download. */
    path,
    columns: v.pipe(v.array(text(200)), v.maxLength(60)),
  }),

  /** Connections and journeys of the joining (JSON of docs/CLI.md), see contract/join.ts. */
  "join.connection": v.strictObject({ id: text(100) }),
  "join.journeys": v.strictObject({ connection: text(100), from: v.optional(index) }),
  /** Journey a packet belongs to: id, connection, hop; null if it joined nothing (with the reason). */
  "join.ofPacket": v.strictObject({ packet: index }),
  "join.topology": nothing,
  "join.findings": nothing,
  "join.model": nothing,

  /** Recording while one looks on: contract/live.ts. */
  ...aroundRequests,
  ...liveRequests,
  ...joinedRequests,
  ...mapRequests,
  ...natRequests,
  ...annotationRequests,
  ...workspaceFileRequests,
  ...lessonRequests,
  ...reportRequests,
  ...menuStateRequests,
} as const;

export type MethodName = keyof typeof requests;
export type Params<M extends MethodName> = v.InferOutput<(typeof requests)[M]>;

export interface Results
  extends
    AroundResults,
    LiveResults,
    JoinedResults,
    MapResults,
    NatResults,
    AnnotationResults,
    WorkspaceFileResults,
    LessonResults,
    ReportResults,
    MenuStateResults {
  "app.info": AppInfo;
  "settings.get": { readonly value: string | null };
  "settings.set": null;
  "files.pick": { readonly paths: readonly string[] };
  "files.pickSave": { readonly path: string | null };
  "files.list": { readonly path: string; readonly parent: string | null; readonly entries: readonly FolderEntry[] };
  "files.forgetRecent": null;
  "workspace.open": WorkspaceState;
  "workspace.state": WorkspaceState;
  "workspace.close": WorkspaceState;
  "workspace.reload": WorkspaceState;
  "workspace.cancel": WorkspaceState;
  "workspace.setPoint": WorkspaceState;
  "workspace.setClockOffset": WorkspaceState;
  "workspace.setDecodeAs": WorkspaceState;
  "workspace.setCluster": WorkspaceState;
  "filter.check": FilterCheck;
  "filter.complete": { readonly from: number; readonly to: number; readonly items: readonly Completion[] };
  "packets.open": ViewState;
  "packets.close": null;
  "packets.rows": { readonly rows: readonly PacketRow[]; readonly view: ViewState };
  "packets.locate": { readonly row: number };
  "packets.byNumber": { readonly packet: PacketId };
  "packets.minimap": { readonly colours: Uint8Array };
  "packets.find": { readonly row: number };
  "packets.neighbour": { readonly row: number };
  "packets.ids": { /** Uint32Array bytes, little-endian. */ readonly packets: Uint8Array };
  "packets.nextOf": { readonly row: number };
  "packets.atTime": { readonly row: number };
  "packet.details": PacketDetails;
  "stream.follow": FollowedStream;
  "table.open": TableState;
  "table.rows": { readonly rows: readonly TableRow[] };
  "table.close": null;
  "table.csv": { readonly text: string };
  "stats.timeline": Timeline;
  "export.write": Written;
  "join.connection": ConnectionJson;
  "join.journeys": ConnectionJourneys;
  "join.ofPacket": PacketJourney;
  "join.topology": TopologyInfo;
  "join.findings": { /** `packets` have the window's ids. */ readonly findings: readonly Finding[] };
  "join.model": { readonly rules: readonly RuleVerdict[] };
}

/** Methods the host itself answers (dialogs, settings, recent files); all others go to the engine. */
export const HOST_METHODS: readonly MethodName[] = [
  "app.info",
  "settings.get",
  "settings.set",
  "files.pick",
  "files.pickSave",
  "files.list",
  "files.forgetRecent",
  ...NOTES_HOST_METHODS,
  ...REPORT_HOST_METHODS,
  ...MENU_STATE_HOST_METHODS,
];
