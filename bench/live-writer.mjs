/**
 * Writes a pcap file into a named pipe at an even rate, and notes when it has written what. A thread of bench/live.mjs.
 *
 * Every few milliseconds the records that are due go into one write. When the pipe is full the write waits: the notes then show
 * that the reader does not keep up.
 */
import { Buffer } from "node:buffer";
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";

const TICK_MS = 4;
const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const READ_BYTES = 16 << 20;

/** @type {{ file: string, pipe: string, rate: number, seconds: number }} */
const { file, pipe, rate, seconds } = workerData;

const source = openSync(file, "r");
const pipeEnd = openSync(pipe, "w");
const buffer = Buffer.alloc(READ_BYTES * 2);
let length = readSync(source, buffer, 0, READ_BYTES, 0);
let position = length;
let at = FILE_HEADER;
let ended = length < READ_BYTES;
writeAll(buffer.subarray(0, FILE_HEADER));

/** Packets written, and milliseconds since the epoch just before they were. @type {[number, number][]} */
const notes = [];
let written = 0;
const start = performance.now();
const pause = new Int32Array(new SharedArrayBuffer(4));
while (performance.now() - start < seconds * 1000) {
  const due = Math.floor(((performance.now() - start) / 1000) * rate);
  const from = at;
  while (written < due && advance()) written++;
  if (at > from) {
    notes.push([written, Date.now()]);
    writeAll(buffer.subarray(from, at));
  } else if (ended && at + RECORD_HEADER > length) break;
  refill();
  Atomics.wait(pause, 0, 0, TICK_MS);
}
closeSync(pipeEnd);
closeSync(source);
parentPort?.postMessage({ notes, written, tookMs: performance.now() - start });

/** Passes over one record if all of it is in the buffer. */
function advance() {
  if (at + RECORD_HEADER > length) return false;
  const next = at + RECORD_HEADER + buffer.readUInt32LE(at + 8);
  if (next > length) return false;
  at = next;
  return true;
}

function refill() {
  if (ended || length - at > READ_BYTES / 2) return;
  buffer.copyWithin(0, at, length);
  length -= at;
  at = 0;
  const got = readSync(source, buffer, length, READ_BYTES, position);
  position += got;
  length += got;
  ended = got === 0;
}

/** @param {Uint8Array} bytes */
function writeAll(bytes) {
  for (let done = 0; done < bytes.length;) done += writeSync(pipeEnd, bytes, done);
}
