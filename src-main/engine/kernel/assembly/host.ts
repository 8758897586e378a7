/** What the kernel asks of its host: more memory. Regions are never given back; everything lives as long as the workspace. */
// @ts-ignore: decorator
@external("host", "allocate")
export declare function allocate(bytes: u32): usize;
