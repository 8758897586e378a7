/**
 * The part of WebAssembly's JavaScript interface that Node has and Hopscope uses. TypeScript declares it in its DOM
 * library only, and Node code must not be able to name a DOM type.
 */
declare namespace WebAssembly {
  interface MemoryDescriptor {
    initial: number;
    maximum?: number;
    shared?: boolean;
  }

  /** Pages of 64 KiB. A shared memory's buffer is a SharedArrayBuffer and may be posted to another thread. */
  class Memory {
    constructor(descriptor: MemoryDescriptor);
    readonly buffer: ArrayBuffer | SharedArrayBuffer;
    grow(pages: number): number;
  }

  class Module {
    constructor(bytes: Uint8Array | ArrayBuffer);
    // Keeps structurally equal objects out.
    private readonly compiled: unknown;
  }

  type Imports = Record<string, Record<string, unknown>>;

  class Instance {
    constructor(module: Module, imports?: Imports);
    readonly exports: Record<string, unknown>;
  }
}
