/** What is wrong with a record, in words: what was expected and what was found. */
import type { Problem } from "../../../src-shared/model/problem";
import { MAX_RECORD_BYTES, READ_BAD_INTERFACE, READ_BAD_LENGTH, READ_BAD_TRAILER } from "../kernel/assembly/abi";

/** A problem of the file that is being read; fatal ones end it. */
export type Damage = Pick<Problem, "code" | "offset" | "message" | "fatal">;

export const badTrailer = (offset: number, length: number, found: number): Damage => ({
  code: "bad-trailer",
  offset,
  message: `expected the block's length ${length} again at its end, found ${found}`,
  fatal: true,
});

/**
 * Of the record at `offset` that the kernel refused with `status` (one of READ_BAD_*) and `value`. `blockBytes`: the length
 * that a pcapng block states, undefined in a pcap file; `interfaces`: how many the section has.
 */
export function recordDamage(
  status: number,
  offset: number,
  value: number,
  blockBytes: number | undefined,
  interfaces: number,
): Damage {
  const code = "bad-length";
  switch (status) {
    case READ_BAD_LENGTH:
      if (blockBytes === undefined) {
        const message = `expected a packet of at most 262144 captured bytes, found ${value}`;
        return { code, offset, message, fatal: true };
      }
      if (blockBytes >= 32 && blockBytes <= MAX_RECORD_BYTES) {
        const message = `expected at most ${blockBytes - 32} captured bytes in a packet block of ${blockBytes}, found ${value}; the packet is left out`;
        return { code, offset, message, fatal: false };
      }
      return {
        code,
        offset,
        message: `expected a packet block of 16 to ${MAX_RECORD_BYTES} bytes, found a length of ${value}`,
        fatal: true,
      };
    case READ_BAD_INTERFACE: {
      const expected =
        interfaces === 0
          ? `expected the description of an interface before the first packet, which names interface ${value}`
          : `expected an interface below ${interfaces}, found ${value}`;
      const message = `${expected}; the packet is left out`;
      return { code: "bad-interface", offset, message, fatal: false };
    }
    case READ_BAD_TRAILER: {
      const length = blockBytes ?? 0;
      return badTrailer(offset + ((length + 3) & ~3) - 4, length, value);
    }
    default:
      throw new Error(`kernel: status ${status}`);
  }
}
