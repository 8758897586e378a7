/**
 * The connections of a part of a picture: options of the table "connections" (contract/tables.ts) as a test of a connection. All
 * of them must hold; what no option names is not looked at.
 */
import { endpointText } from "../../../src-shared/model/endpoint-text";
import { ContractError } from "../../../src-shared/contract/messages";
import type { Connection, JoinResult, PlacedEndpoint } from "../../../src-shared/reconstruct/result";
import { serviceLabel } from "./map-graph";

type Options = Readonly<Record<string, string | number | boolean>>;
type Test = (c: Connection) => boolean;

/** Null: no option limits anything. @throws ContractError an option has the wrong type */
export function connectionScope(join: JoinResult, firstNs: number, options: Options): Test | null {
  const tests: Test[] = [];
  const text = (name: string, make: (value: string) => Test): void => {
    const value = options[name];
    if (value === undefined) return;
    if (typeof value !== "string") throw new ContractError("invalid-request", `${name} must be a text`);
    tests.push(make(value));
  };
  const number = (name: string, make: (value: number) => Test): void => {
    const value = options[name];
    if (value === undefined) return;
    if (typeof value !== "number") throw new ContractError("invalid-request", `${name} must be a number`);
    tests.push(make(value));
  };
  const named = (end: PlacedEndpoint, names: ReadonlySet<string>): boolean =>
    (end.pod !== null && names.has(end.pod)) || names.has(end.ip);
  text("ends", (list) => {
    const ends = new Set(list.split("\n"));
    const { peers } = options;
    if (peers === undefined) return (c) => named(c.client, ends) || named(c.server, ends);
    const others = new Set(String(peers).split("\n"));
    return (c) =>
      (named(c.client, ends) && named(c.server, others)) || (named(c.client, others) && named(c.server, ends));
  });
  text("client", (name) => (c) => c.client.pod === name || c.client.ip === name);
  text("node", (list) => {
    const nodes = new Set(list.split("\n"));
    const machines = join.topology.machines.filter((m) => nodes.has(m.name));
    const own = new Set(machines.flatMap((m) => m.addresses));
    const points = new Set(machines.flatMap((m) => m.points));
    const at = (end: PlacedEndpoint): boolean => (end.node !== null && nodes.has(end.node)) || own.has(end.ip);
    return (c) => at(c.client) || at(c.server) || c.path.some((p) => points.has(p));
  });
  text("service", (name) => (c) => serviceLabel(c) === name);
  text("endpoint", (name) => (c) => endpointText(c.server) === name);
  number("point", (point) => (c) => c.path.includes(point) || c.returnPath.includes(point));
  if (options["hopFrom"] !== undefined || options["hopTo"] !== undefined) {
    const from = options["hopFrom"];
    const to = options["hopTo"];
    const beside = (path: readonly number[]): boolean =>
      path.some((p, i) => (p === from && path[i + 1] === to) || (p === to && path[i + 1] === from));
    tests.push((c) => beside(c.path) || beside(c.returnPath));
  }
  number("fromNs", (ns) => (c) => join.sightings.alignedNs(c.lastSighting) - firstNs >= ns);
  number("toNs", (ns) => (c) => join.sightings.alignedNs(c.firstSighting) - firstNs <= ns);
  return tests.length === 0 ? null : (c) => tests.every((test) => test(c));
}
