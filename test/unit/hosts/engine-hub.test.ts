/** Several windows on one engine: whose answer is whose, what is cleaned up, what is refused. */
import { describe, expect, it } from "vitest";
import { ContractError, type FromEngine, type ResultMessage } from "../../../src-shared/contract/messages";
import {
  EngineHub,
  type HostHandlers,
  type HubClient,
  MAX_UNANSWERED,
} from "../../../src-main/hosts/shared/engine-hub";
import { ScriptedEngine } from "./scripted-engine";

interface Window {
  readonly client: HubClient;
  readonly got: FromEngine[];
  ask(id: number, method: string, params?: unknown): void;
  result(id: number): ResultMessage | undefined;
}

function hubWith(handlers: HostHandlers = {}): { engine: ScriptedEngine; hub: EngineHub; window: () => Window } {
  const engine = new ScriptedEngine();
  const hub = new EngineHub(engine, handlers);
  const window = (): Window => {
    const got: FromEngine[] = [];
    const client = hub.connect((message) => got.push(message));
    return {
      client,
      got,
      ask: (id, method, params = {}) => void client.receive({ kind: "request", id, method, params }),
      result: (id) => got.find((m): m is ResultMessage => m.kind === "result" && m.id === id),
    };
  };
  return { engine, hub, window };
}

/** Lets promises settle. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("several windows", () => {
  it("get each their own answer, although both count requests from 1", async () => {
    const { engine, window } = hubWith();
    const [a, b] = [window(), window()];
    a.ask(1, "filter.check", { filter: "tcp" });
    b.ask(1, "filter.check", { filter: "udp" });
    const [first, second] = engine.requests("filter.check");
    // Answered in the other order.
    engine.says({ kind: "result", id: second?.id ?? -1, ok: true, value: "for b" });
    engine.says({ kind: "progress", id: first?.id ?? -1, done: 1, total: 2, text: "half" });
    engine.says({ kind: "result", id: first?.id ?? -1, ok: true, value: "for a" });
    await settled();
    expect(a.got).toEqual([
      { kind: "progress", id: 1, done: 1, total: 2, text: "half" },
      { kind: "result", id: 1, ok: true, value: "for a" },
    ]);
    expect(b.got).toEqual([{ kind: "result", id: 1, ok: true, value: "for b" }]);
  });

  it("all get events", () => {
    const { engine, window } = hubWith();
    const [a, b] = [window(), window()];
    engine.says({ kind: "event", event: "restarted", data: { reason: "test" } });
    expect(a.got).toHaveLength(1);
    expect(b.got).toEqual(a.got);
  });

  it("cancel what they asked themselves, by their own ids", () => {
    const { engine, window } = hubWith();
    const [a, b] = [window(), window()];
    a.ask(7, "packets.find");
    b.ask(7, "packets.find");
    b.client.receive({ kind: "cancel", id: 7 });
    expect(engine.received.filter((m) => m.kind === "cancel").map((m) => m.id)).toEqual([
      engine.requests("packets.find")[1]?.id,
    ]);
  });
});

describe("a window that goes away", () => {
  it("has its requests cancelled, its views and tables closed, and hears no more", async () => {
    const { engine, window } = hubWith();
    engine.answers("packets.open", { view: 3 }).answers("table.open", { table: 5 }).answers("packets.close", null);
    const a = window();
    a.ask(1, "packets.open");
    a.ask(2, "table.open");
    await settled();
    a.ask(3, "packets.find");
    const heard = a.got.length;
    a.client.disconnect();
    engine.says({ kind: "event", event: "restarted", data: { reason: "test" } });
    expect(engine.requests("packets.close").map((m) => m.params)).toEqual([{ view: 3 }]);
    expect(engine.requests("table.close").map((m) => m.params)).toEqual([{ table: 5 }]);
    expect(engine.received).toContainEqual({ kind: "cancel", id: engine.requests("packets.find")[0]?.id });
    expect(a.got).toHaveLength(heard);
  });

  it("has a view closed that is answered after it left", async () => {
    const { engine, window } = hubWith();
    const a = window();
    a.ask(1, "packets.open");
    a.client.disconnect();
    engine.says({ kind: "result", id: engine.requests("packets.open")[0]?.id ?? -1, ok: true, value: { view: 9 } });
    await settled();
    expect(engine.requests("packets.close").map((m) => m.params)).toEqual([{ view: 9 }]);
  });

  it("does not close what it closed itself", async () => {
    const { engine, window } = hubWith();
    engine.answers("packets.open", { view: 3 }).answers("packets.close", null);
    const a = window();
    a.ask(1, "packets.open");
    await settled();
    a.ask(2, "packets.close", { view: 3 });
    await settled();
    a.client.disconnect();
    expect(engine.requests("packets.close")).toHaveLength(1);
  });
});

describe("what the host answers itself", () => {
  it("does not reach the engine, and its parameters are checked", async () => {
    const { engine, window } = hubWith({ "settings.get": ({ name }) => ({ value: `<${name}>` }) });
    const a = window();
    a.ask(1, "settings.get", { name: "theme" });
    a.ask(2, "settings.get", { name: 5 });
    a.ask(3, "settings.get", { name: "theme", more: true });
    await settled();
    expect(a.result(1)).toMatchObject({ ok: true, value: { value: "<theme>" } });
    expect(a.result(2)).toMatchObject({
      ok: false,
      code: "invalid-request",
      message: expect.stringContaining("name") as string,
    });
    expect(a.result(3)).toMatchObject({ ok: false, code: "invalid-request" });
    expect(engine.received).toEqual([]);
  });

  it("tells failures with their code, and unexpected ones as internal", async () => {
    const { window } = hubWith({
      "files.list": () => {
        throw new ContractError("file", "no such folder");
      },
      "app.info": () => {
        throw new TypeError("a defect");
      },
    });
    const a = window();
    a.ask(1, "files.list", { path: "/nowhere" });
    a.ask(2, "app.info");
    await settled();
    expect(a.result(1)).toMatchObject({ ok: false, code: "file", message: "no such folder" });
    expect(a.result(2)).toMatchObject({ ok: false, code: "internal", message: "a defect" });
  });

  it("can change a request on its way to the engine, and the answer on its way back", async () => {
    const { engine, window } = hubWith({
      "export.write": async (params, { forward }) => ({
        ...(await forward({ ...params, path: "/scratch/1/x.csv" })),
        path: "/download/1",
      }),
    });
    engine.answers("export.write", { path: "/scratch/1/x.csv", packets: 2, bytes: 10 });
    const a = window();
    a.ask(1, "export.write", { view: 1, packets: null, path: "x.csv", columns: [] });
    await settled();
    expect(engine.requests("export.write")[0]?.params).toMatchObject({ path: "/scratch/1/x.csv" });
    expect(a.result(1)).toMatchObject({ value: { path: "/download/1", packets: 2 } });
  });
});

describe("messages that are none", () => {
  it.each([
    undefined,
    null,
    "request",
    [],
    { kind: "result", id: 1 },
    { kind: "request", id: "1", method: "app.info", params: {} },
    { kind: "request", id: 1.5, method: "app.info", params: {} },
    { kind: "request", id: 1, method: "x".repeat(101), params: {} },
    { kind: "request", id: 1, method: "app.info", params: {}, extra: 1 },
    { kind: "cancel" },
  ])("%j is refused", (message) => {
    const { engine, window } = hubWith();
    expect(window().client.receive(message)).toBe(false);
    expect(engine.received).toEqual([]);
  });

  it.each(["no.such", "toString", "__proto__", "constructor"])(
    "method %s is answered with invalid-request",
    (method) => {
      const { engine, window } = hubWith();
      const a = window();
      a.ask(1, method);
      expect(a.result(1)).toMatchObject({ ok: false, code: "invalid-request" });
      expect(engine.received).toEqual([]);
    },
  );

  it("a request more than may be unanswered is refused, and one with an id in use", () => {
    const { engine, window } = hubWith();
    const a = window();
    for (let id = 0; id < MAX_UNANSWERED; id++) a.ask(id, "packets.find");
    a.ask(MAX_UNANSWERED, "packets.find");
    expect(a.result(MAX_UNANSWERED)).toMatchObject({ ok: false, code: "invalid-request" });
    const b = window();
    b.ask(1, "packets.find");
    b.ask(1, "packets.find");
    expect(b.result(1)).toMatchObject({ ok: false, code: "invalid-request" });
    expect(engine.requests("packets.find")).toHaveLength(MAX_UNANSWERED + 1);
  });
});
