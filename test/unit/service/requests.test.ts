/** The engine service as a peer: whatever comes in, it answers, and goes on. */
import { describe, expect, it } from "vitest";
import type { MethodName } from "../../../src-shared/contract/requests";
import type { Handlers } from "../../../src-main/engine/service/handlers";
import { type ServiceClient, withClient } from "../../builders/service-client";

const PING = `0.0 10.0.0.1 > 10.0.0.2 icmp request ident=7 seq=1 "ping"`;

/** Sends what TypeScript would not let through. */
const sendAnything = (client: ServiceClient, method: unknown, params: unknown): Promise<unknown> =>
  client.ask(method as MethodName, params as never);

describe("requests", () => {
  it("are refused if their parameters do not fit, saying which", () =>
    withClient(async (client) => {
      const refused = (method: string, params: unknown): Promise<void> =>
        expect(sendAnything(client, method, params)).rejects.toMatchObject({ code: "invalid-request" });
      await refused("packets.rows", { view: 1, from: -1, count: 10, columns: [] });
      await refused("packets.rows", { view: 1, from: 0, count: 1e9, columns: [] });
      await refused("packets.rows", { view: 1, from: 0, count: 1, columns: [], more: 1 });
      await refused("workspace.open", { paths: [], add: false });
      await refused("workspace.open", { paths: "x", add: false });
      await refused("workspace.open", null);
      await refused("no.such.method", {});
      await refused("__proto__", {});
      await expect(sendAnything(client, "packets.find", { view: 1 })).rejects.toThrow(/packets\.find: from/);
      // And it goes on.
      expect(await client.ask("workspace.state", {})).toMatchObject({ state: "empty" });
    }));

  it("that the host answers are not the engine's", () =>
    withClient(async (client) => {
      await expect(client.ask("app.info", {})).rejects.toMatchObject({ code: "unsupported" });
    }));

  it("whose handler has a defect are answered, too", () => {
    const broken = (): Handlers => ({
      "packet.details": () => {
        throw new TypeError("undefined is not a packet");
      },
    });
    return withClient(
      async (client) => {
        await expect(client.ask("packet.details", { packet: 0 })).rejects.toMatchObject({
          code: "internal",
          message: "undefined is not a packet",
        });
        expect(await client.ask("workspace.state", {})).toMatchObject({ state: "empty" });
      },
      [broken],
    );
  });

  it("can be cancelled while they work, and tell how far they are", () => {
    let begun: () => void = () => undefined;
    const started = new Promise<void>((resolve) => (begun = resolve));
    const endless = (): Handlers => ({
      "packet.details": async (_params, context) => {
        for (let i = 0; ; i++) {
          context.progress(i, 0, "working");
          begun();
          await context.breathe();
        }
      },
    });
    return withClient(
      async (client) => {
        const request = client.start("packet.details", { packet: 0 });
        await started;
        request.cancel();
        await expect(request.answer).rejects.toMatchObject({ code: "cancelled" });
        expect(client.told.some((m) => m.kind === "progress" && m.id === request.id && m.text === "working")).toBe(
          true,
        );
        // Cancelling what is answered does nothing.
        request.cancel();
        expect(await client.ask("workspace.state", {})).toMatchObject({ state: "empty" });
      },
      [endless],
    );
  });

  it("to a view that is closed are answered with gone", () =>
    withClient(async (client) => {
      await client.open(client.write("ping.pcapng", PING));
      const view = await client.view();
      await client.ask("packets.close", { view: view.view });
      await expect(client.ask("packets.locate", { view: view.view, packet: 0 })).rejects.toMatchObject({
        code: "gone",
      });
      expect(await client.ask("packets.close", { view: view.view })).toBeNull();
    }));
});
