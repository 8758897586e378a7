/** What the kernel asks of its host. Regions are never given back; everything lives as long as the workspace. */
// @ts-ignore: decorator
@external("host", "allocate")
export declare function allocate(bytes: u32): usize;

/**
 * Inflates `length` bytes of raw deflate at `from` to `to`, at most `limit` bytes. Returns how many there are: 0 if it is no such
 * stream, or would be longer.
 */
// @ts-ignore: decorator
@external("host", "inflate")
export declare function inflate(from: usize, length: u32, to: usize, limit: u32): u32;
