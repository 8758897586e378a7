/**
 * What schemas are made of, wherever text and numbers come from outside (the window, a file of another person): every one has a
 * limit, so that nothing that is read can grow without end.
 */
import * as v from "valibot";

/** Text of at most `limit` UTF-16 units; may be empty. */
export const text = (limit: number) => v.pipe(v.string(), v.maxLength(limit));
/** Text of 1 to `limit` UTF-16 units. */
export const filledText = (limit: number) => v.pipe(v.string(), v.minLength(1), v.maxLength(limit));
/** A whole number, both ends included. */
export const whole = (least: number, most: number) =>
  v.pipe(v.number(), v.integer(), v.minValue(least), v.maxValue(most));
/** 0, 1, 2 …: bytes, milliseconds, a count. */
export const natural = v.pipe(v.number(), v.integer(), v.minValue(0));
/** Of a packet, a file, a capture point, a row. */
export const index = natural;
/** As long as Linux' PATH_MAX. */
export const path = text(4096);
/** A display filter. */
export const filter = text(20_000);
