/** The generators there are. Add one here, and it can be chosen in the window and is run in the generator thread. */
import type { Generator } from "./generated-recording";
import { SCENARIO_GENERATORS } from "./scenario-generators";
import { STEADY_TRAFFIC } from "./steady-traffic";

export const GENERATORS: readonly Generator[] = [...SCENARIO_GENERATORS, STEADY_TRAFFIC];

export function findGenerator(name: string): Generator | undefined {
  return GENERATORS.find((generator) => generator.name === name);
}
