/**
 * Uses of one pair of addresses and ports as connection tracking tells them: ports are used again, sometimes within a millisecond, and each
 * use is translated anew.
 *
 * ```
 *   NEW ─── UPDATE … ─── DESTROY   NEW ──── …           one original tuple
 *   └──────── a use ──────────┘    └── the next
 *       └ connection ┘                  events are told a little after what they tell
 * ```
 */
import { endpointText } from "./endpoint-text";
import { SAME_TIME_SECONDS, type ToldTranslation, type ToldTuple } from "./told-translation";

export interface ToldUse {
  /** Its first line. */
  readonly told: ToldTranslation;
  /** All of them, in order. */
  readonly lines: readonly ToldTranslation[];
  /** Seconds since the epoch between which it was there; ±Infinity: nothing tells. */
  readonly from: number;
  readonly to: number;
}

/** Uses this much further from a connection than the nearest may be its own: events come late, clocks are apart. */
const AS_NEAR_SECONDS = 0.005;

/** The uses that lines of any files tell, each file's in order. Lines without a time are a use of all times. */
export function toldUses(lines: readonly ToldTranslation[]): readonly ToldUse[] {
  const uses: { told: ToldTranslation; lines: ToldTranslation[]; from: number; to: number; isOver: boolean }[] = [];
  /** The last use of each original tuple. */
  const last = new Map<string, (typeof uses)[number]>();
  for (const told of lines) {
    const key = `${told.file} ${told.zone ?? ""} ${told.protocol} ${tupleText(told.original)}`;
    const known = last.get(key);
    const time = told.time === null ? undefined : Number(told.time);
    const isNext =
      !known || known.isOver || told.event === "new" || tupleText(known.told.reply) !== tupleText(told.reply);
    if (!isNext) {
      known.lines.push(told);
      // Without its end nothing tells how long it was there.
      if (time !== undefined) known.to = told.event === "destroy" ? time : time + SAME_TIME_SECONDS;
      known.isOver = told.event === "destroy";
      continue;
    }
    if (known && !known.isOver && time !== undefined) known.to = Math.min(known.to, time);
    const isEnd = told.event === "destroy";
    const use = {
      told,
      lines: [told],
      from: time === undefined ? -Infinity : told.event === "new" ? time : time - SAME_TIME_SECONDS,
      to: time === undefined ? Infinity : isEnd ? time : time + SAME_TIME_SECONDS,
      isOver: isEnd,
    };
    uses.push(use);
    last.set(key, use);
  }
  return uses;
}

/**
 * Of uses of the same ports those that may be of a connection seen from `start` to `end`, seconds since the epoch: the one that was there during
 * most of it, first, and what is as near. None more than SAME_TIME_SECONDS before or behind it.
 */
export function usesAt<Use extends Pick<ToldUse, "from" | "to">>(
  uses: readonly Use[],
  start: number,
  end: number,
): readonly Use[] {
  const near = uses
    .filter(({ from, to }) => from <= end + SAME_TIME_SECONDS && to >= start - SAME_TIME_SECONDS)
    .map((use) => ({ use, outside: Math.max(0, use.from - start) + Math.max(0, end - use.to) }))
    .sort((a, b) => a.outside - b.outside);
  const limit = (near[0]?.outside ?? 0) + AS_NEAR_SECONDS;
  return near.filter(({ outside }) => outside <= limit).map(({ use }) => use);
}

function tupleText({ source, sourcePort, destination, destinationPort }: ToldTuple): string {
  return `${endpointText({ ip: source, port: sourcePort })} ${endpointText({ ip: destination, port: destinationPort })}`;
}
