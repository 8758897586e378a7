/** What a person chose of the map, kept with the settings. */
import { defineSetting, isOneOf } from "../../state/settings.svelte";

export const network = defineSetting("map.network", "node", isOneOf(["node", "pod", "service"]));
export const grouping = defineSetting(
  "map.grouping",
  "auto",
  isOneOf(["auto", "pods", "workload", "namespace", "node"]),
);
export const shown = defineSetting("map.shown", "picture", isOneOf(["picture", "table"]));
export const speed = defineSetting("map.speed", "1", isOneOf(["0.25", "0.5", "1", "2", "4"]));
