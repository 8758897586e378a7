/**
 * When a pane asks anew for what the joined captures show: whenever something it is made of changes, and each joining that ends.
 *
 * ```
 * other files, points, cluster files, clocks … ─┐
 * event "analysis": done ───────────────────────┴─► basis ─ in front, everything read ─► load()
 * ```
 */
import { onDestroy, untrack } from "svelte";
import { on } from "../bridge/engine";
import { workspace } from "./workspace.svelte";

/**
 * What joined answers depend on, as a text that changes with it. Call while a component is made.
 * `isLoading`: what is asked for now is answered by the joining that has just ended.
 */
export function joinedBasis(isLoading: () => boolean = () => false): () => string {
  let joinings = $state(0);
  onDestroy(on("analysis", ({ state }) => state === "done" && !isLoading() && joinings++));
  const basis = $derived(
    JSON.stringify([
      workspace.state.workspace,
      workspace.isLoading,
      workspace.state.points.filter((point) => !point.enabled).map((point) => point.point),
      workspace.state.decodeAs,
      workspace.state.clusterFiles,
      workspace.state.conntrackFiles,
      workspace.state.files.map((file) => file.clockOffset),
      joinings,
    ]),
  );
  return () => basis;
}

/** Calls `load` once for each basis while the pane is in front and the captures are read. Call while a component is made. */
export function loadWhenJoined(isActive: () => boolean, load: () => void, isLoading?: () => boolean): void {
  const basis = joinedBasis(isLoading);
  let loaded = "";
  $effect(() => {
    const wanted = basis();
    if (!isActive() || workspace.isEmpty || workspace.isLoading || wanted === loaded) return;
    loaded = wanted;
    untrack(load);
  });
}
