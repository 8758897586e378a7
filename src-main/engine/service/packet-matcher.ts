/** Which packets a filter holds for, by the quickest way there is: the packet index, or a pass over the files. */
import { ContractError } from "../../../src-shared/contract/messages";
import type { FilterProblem } from "../../../src-shared/contract/results";
import { isAnnotationField } from "../fields/annotation-fields";
import { FieldColumns } from "../fields/field-columns";
import { type Filter, compileFilter } from "../filter/compile";
import { FILTER_REGISTRY } from "../filter/engine-registry";
import { FilterError } from "../filter/filter-error";
import { findField } from "../fields/registry";
import { ColumnFilter } from "../packet-index/column-filter";
import { isIndexed } from "../packet-index/indexed-fields";
import { newBits, readBits, setBit } from "../packet-index/facts";
import { SEGMENT_ROWS } from "../packet-index/packet-index";
import { Breather } from "./breather";
import { passOver } from "./captures-pass";
import type { LoadedCaptures } from "./loaded-captures";

/** @throws ContractError "invalid-filter" with a FilterProblem as detail */
export function compile(source: string): Filter {
  try {
    return compileFilter(source, FILTER_REGISTRY);
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    const detail: FilterProblem = { message: error.message, from: error.start, to: error.end };
    throw new ContractError("invalid-filter", error.message, detail);
  }
}

function needsJoin(filter: Filter): boolean {
  return filter.fields.some((name) => findField(name)?.needsJoin);
}

/**
 * Has the captures joined if the filter asks what joining says.
 * @throws ContractError "cancelled", "gone", or what went wrong with joining
 */
export async function joinFor(captures: LoadedCaptures, filter: Filter, signal: AbortSignal): Promise<void> {
  if (!needsJoin(filter)) return;
  if (!captures.joinedSource)
    throw new ContractError("unsupported", "this filter asks for joined captures, and nothing joins them here");
  captures.joined = await captures.joinedSource(signal);
}

/** Protocols that conversations decide: asked for one, a pass tells of all. */
const APPLICATIONS: readonly string[] = ["dns", "dhcp", "http", "tls"];

const JOINING = "joining the captures: this filter asks for their connections";

/** Takes matches: `matches[i]` is 1 if packet `from + i` matches. Valid during the call. */
export type TakeMatches = (from: number, matches: Uint8Array, count: number) => void;

export class PacketMatcher {
  private readonly filter: Filter;
  private columns: ColumnFilter | undefined;
  private readonly matches = new Uint8Array(SEGMENT_ROWS);

  /** @throws ContractError "invalid-filter" */
  constructor(
    private readonly captures: LoadedCaptures,
    source: string,
    /** Told why nothing is found yet; null: it goes on. */
    private readonly onWait: (why: string | null) => void = () => undefined,
  ) {
    this.filter = compile(source);
    this.columns = ColumnFilter.of(this.filter, captures);
  }

  /** It asks what joining says. */
  get needsJoin(): boolean {
    return needsJoin(this.filter);
  }

  /** The index alone answers it, also while it grows. */
  get isQuick(): boolean {
    // Another view may have found out what this one needs.
    this.columns ??= ColumnFilter.of(this.filter, this.captures);
    return this.columns !== undefined || this.known !== undefined;
  }

  private get known(): Uint8Array | undefined {
    return this.captures.complete ? this.captures.facts.filter(this.filter.source) : undefined;
  }

  /**
   * Hands the matches of packets `from` … `to` - 1 to `take`, in order. Where the files must be read again that goes over all
   * of them, so it is to be called once, when everything is loaded.
   * @throws ContractError "cancelled"
   */
  async scan(from: number, to: number, take: TakeMatches, signal: AbortSignal): Promise<void> {
    if (from >= to) return;
    if (this.isQuick) await this.scanIndex(from, to, take, signal);
    else await this.scanFiles(from, to, take, signal);
  }

  private async scanIndex(from: number, to: number, take: TakeMatches, signal: AbortSignal): Promise<void> {
    const { columns, known } = this;
    const breather = new Breather(signal);
    for (let at = from; at < to;) {
      const segment = Math.floor(at / SEGMENT_ROWS);
      const first = segment * SEGMENT_ROWS;
      const end = Math.min(to, first + SEGMENT_ROWS);
      if (columns) columns.evaluate(segment, end - first, this.matches);
      else if (known) readBits(known, first, end - first, this.matches);
      take(at, this.matches.subarray(at - first, end - first), end - at);
      at = end;
      await breather.breathe();
    }
  }

  private async scanFiles(from: number, to: number, take: TakeMatches, signal: AbortSignal): Promise<void> {
    const { index } = this.captures;
    let fields: FieldColumns | undefined;
    let keep = new Uint8Array(0);
    if (this.needsJoin) {
      this.onWait(JOINING);
      await joinFor(this.captures, this.filter, signal);
      this.onWait(null);
    }
    // What joining says changes with clocks, cluster files and capture points: nothing of it is kept.
    const isWhole = from === 0 && to === index.count && this.captures.complete && !this.needsJoin;
    const matching = newBits(to);
    const learned = new Map(this.worthLearning().map((name) => [name, newBits(to)]));
    await passOver(this.captures, {
      flows: "point-streams",
      signal,
      joined: this.captures.joined,
      batch: (batch, firstId, pass) => {
        fields ??= new FieldColumns(pass.context);
        fields.begin(batch);
        if (keep.length < batch.packetCount) keep = new Uint8Array(batch.packetCount);
        this.filter.evaluate(fields, keep);
        // The file may have grown since.
        const end = Math.min(to, index.rangeOf(batch.file)[1], firstId + batch.packetCount);
        const begin = Math.max(from, firstId);
        for (let i = begin - firstId; i < end - firstId; i++) if (keep[i]) setBit(matching, firstId + i);
        for (const [name, bits] of learned) {
          const column = fields.column(name);
          for (let r = 0; r < column.count; r++) {
            const id = firstId + (column.packet[r] as number);
            if (id < end) setBit(bits, id);
          }
        }
        if (begin < end) take(begin, keep.subarray(begin - firstId, end - firstId), end - begin);
      },
    });
    if (!isWhole || to !== index.count) return;
    // Notes come and go: what a filter over them found holds for now only.
    if (!this.filter.fields.some(isAnnotationField)) this.captures.facts.learnFilter(this.filter.source, matching);
    for (const [name, bits] of learned) this.captures.facts.learnField(name, bits);
  }

  /** Fields whose presence is found out on the way: those asked for, and what costs nothing beside them. */
  private worthLearning(): string[] {
    const asked = this.filter.fields.filter((name) => !isIndexed(name));
    const isOfApplication = asked.some((name) => APPLICATIONS.includes(findField(name)?.protocol ?? ""));
    return [...new Set([...asked, ...(isOfApplication ? APPLICATIONS : [])])].filter((name) => findField(name));
  }
}
