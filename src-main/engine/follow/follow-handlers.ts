/** Answers stream.follow. */
import type { Engine, Handlers } from "../service/handlers";
import { followStream } from "./follow-stream";

export function followHandlers(engine: Engine): Handlers {
  return {
    "stream.follow": ({ packet, maxBytes }, context) => followStream(engine.captures(), packet, maxBytes, context),
  };
}
