/** The simulator's TCP, as its segments on the wire show it. */
import { describe, expect, it } from "vitest";
import { MS, recordedNetwork, SECOND } from "../../builders/simulated-network";
import type {
  LinkProperties,
  SocketError,
  TcpConnection,
  TcpTuning,
} from "../../../src-main/engine/simulate/network/api/namespaces";

/** client ── wire ── server; the server answers each request with `answerBytes` bytes and closes when the client does. */
function connected(options: { link?: LinkProperties; answerBytes?: number; tuning?: TcpTuning; seed?: number } = {}) {
  const recorded = recordedNetwork(options.seed ?? 1);
  const { network } = recorded;
  const client = network.namespace("client");
  const server = network.namespace("server");
  const link = network.link(
    { namespace: client, name: "eth0", addresses: ["10.0.0.1/24"] },
    { namespace: server, name: "eth0", addresses: ["10.0.0.2/24"] },
    { jitterNs: 0, ...options.link },
  );
  recorded.recordAll();
  const answer = new Uint8Array(options.answerBytes ?? 100).map((_, i) => i & 255);
  const served: TcpConnection[] = [];
  const events: string[] = [];
  const listener = server.tcpListen({
    port: 80,
    ...options.tuning,
    onConnection: (connection) => {
      served.push(connection);
      return {
        onData: () => {
          connection.write(answer);
        },
      };
    },
  });
  const pieces: Uint8Array[] = [];
  let receivedBytes = 0;
  const open = (request = 50, more: TcpTuning & { onOpenToo?: (connection: TcpConnection) => void } = {}) =>
    client.tcpConnect({
      to: { address: "10.0.0.2", port: 80 },
      ...more,
      onOpen: (connection) => {
        events.push("open");
        if (request > 0) connection.write(new Uint8Array(request));
        more.onOpenToo?.(connection);
      },
      onData: (bytes, connection) => {
        pieces.push(bytes);
        receivedBytes += bytes.length;
        if (receivedBytes === answer.length) connection.end();
      },
      onClose: (error: SocketError | undefined) => events.push(`closed ${error ?? "well"}`),
    });
  const segments = (direction: "out" | "in" = "out"): string[] =>
    recorded
      .lines(link.a)
      .filter((line) => line.startsWith(direction))
      .map((line) => line.replace(/^\w+ \S+ > \S+ tcp /, "").replace(/ ttl \d+$/, ""));
  return {
    ...recorded,
    client,
    server,
    link,
    listener,
    served,
    events,
    open,
    segments,
    answer,
    received: () => Uint8Array.from(Buffer.concat(pieces)),
  };
}

describe("a request and its answer", () => {
  it("is a handshake, data both ways, and a close both ways", () => {
    const net = connected();
    net.open();
    net.run(5 * SECOND);
    expect(net.events).toEqual(["open", "closed well"]);
    expect(net.received()).toEqual(net.answer);
    expect(
      net.lines(net.link.a).map((line) => line.replace(/10.0.0.\d:\d+ > 10.0.0.\d:\d+ tcp |ttl 64/g, "").trim()),
    ).toEqual([
      "out S 0",
      "in SA 0",
      "out A 0",
      "out PA 50",
      "in A 0",
      "in PA 100",
      "out A 0",
      "out FA 0",
      "in FA 0",
      "out A 0",
    ]);
    expect(net.served[0]?.state).toBe("CLOSED");
    expect(net.client.tcpConnections[0]?.state).toBe("TIME_WAIT");
    net.run(61 * SECOND);
    expect(net.client.tcpConnections).toEqual([]);
  });

  it("is refused with RST where nobody listens", () => {
    const net = connected();
    net.listener.close();
    net.open();
    net.run(SECOND);
    expect(net.events).toEqual(["closed refused"]);
    expect(net.segments("in")).toEqual(["RA 0"]);
  });

  it("gives up after SYNs at 0, 1, 3, 7, 15, 31 and 63 seconds", () => {
    const net = connected();
    net.server.device("eth0").up = false;
    net.client.addNeighbour("10.0.0.2", "02:00:00:00:00:02", net.link.a);
    net.open();
    net.run(200 * SECOND);
    const times = net.frames.filter(({ journey }) => journey > 0).map(({ timeNs }) => Math.round(timeNs / SECOND));
    expect(times).toEqual([0, 1, 3, 7, 15, 31, 63]);
    expect(net.events).toEqual(["closed timed-out"]);
  });

  it("ends with RST when one side aborts", () => {
    const net = connected({ answerBytes: 0 });
    const connection = net.open();
    net.run(SECOND);
    net.served[0]?.abort();
    net.run(SECOND);
    expect(net.events).toEqual(["open", "closed reset"]);
    expect(connection.state).toBe("CLOSED");
  });
});

describe("a large answer", () => {
  const SIZE = 400_000;
  const whole = (net: ReturnType<typeof connected>): void => {
    expect(net.received().length).toBe(SIZE);
    expect(Buffer.compare(net.received(), net.answer)).toBe(0);
    expect(net.events).toEqual(["open", "closed well"]);
  };

  it("begins with ten segments, then doubles", () => {
    const net = connected({ answerBytes: SIZE, link: { delayNs: 20 * MS } });
    net.open();
    net.run(20 * SECOND);
    whole(net);
    const times = net.frames
      .filter(({ device, bytes, direction }) => device === net.link.b && direction === "out" && bytes.length > 1000)
      .map(({ timeNs }) => timeNs);
    const flights = [0];
    for (const [i, time] of times.entries()) {
      if (i > 0 && time - (times[i - 1] ?? 0) > 10 * MS) flights.push(0);
      flights[flights.length - 1] = (flights.at(-1) ?? 0) + 1;
    }
    expect(flights.slice(0, 3)).toEqual([10, 20, 40]);
    expect(net.served[0]?.retransmissions).toBe(0);
  });

  it("repairs one loss by fast retransmission, within a round trip and a half", () => {
    const net = connected({ answerBytes: SIZE, link: { delayNs: 10 * MS } });
    net.open();
    net.run(90 * MS);
    net.link.dropNext(1, "b-to-a", (frame) => frame.length > 1000);
    net.run(20 * SECOND);
    whole(net);
    expect(net.drops.filter(({ reason }) => reason === "loss")).toHaveLength(1);
    expect(net.served[0]?.retransmissions).toBe(1);
  });

  it.each([
    ["5 % loss", { loss: 0.05 }],
    ["reordering", { reordering: 0.1, reorderDelayNs: 2 * MS }],
    ["duplicates", { duplication: 0.2 }],
    ["a slow wire with a short queue", { rateBps: 20e6, queueFrames: 20 }],
    ["all of it", { loss: 0.02, reordering: 0.05, duplication: 0.05, rateBps: 50e6, queueFrames: 30 }],
  ] as const)("arrives whole over %s", (_, link) => {
    const net = connected({ answerBytes: SIZE, link: { delayNs: 5 * MS, ...link } });
    net.open();
    net.run(120 * SECOND);
    whole(net);
  });

  it("arrives whole without SACK, timestamps and window scale too", () => {
    const tuning = { sack: false, timestamps: false, windowScaling: false };
    const net = connected({ answerBytes: SIZE, link: { loss: 0.03 }, tuning });
    net.open(50, tuning);
    net.run(120 * SECOND);
    whole(net);
  });
});

describe("a reader that stops", () => {
  it("closes its window; probes find out when it opens", () => {
    const net = connected({ answerBytes: 200_000 });
    const connection = net.open(50, {
      receiveBuffer: 30_000,
      onOpenToo: (c) => {
        c.pause();
      },
    });
    net.run(3600 * SECOND);
    const windows = net.frames
      .filter(({ device, direction, bytes }) => device === net.link.a && direction === "out" && bytes.length > 54)
      .map(({ bytes }) => ((bytes[48] ?? 0) << 8) | (bytes[49] ?? 0));
    expect(windows.at(-1)).toBe(0);
    // Empty segments, each later than the one before by twice as much.
    const probes = net.frames
      .filter(({ device, direction, timeNs }) => device === net.link.b && direction === "out" && timeNs > 100 * MS)
      .map(({ timeNs }) => timeNs);
    expect(probes.length).toBeGreaterThan(20);
    // As long as they are answered, the connection lives.
    expect(net.events).toEqual(["open"]);
    connection.resume();
    net.run(60 * SECOND);
    expect(net.received().length).toBe(200_000);
    expect(net.events).toEqual(["open", "closed well"]);
  });
});

describe("half a close", () => {
  it("lets the other side go on sending", () => {
    const net = connected();
    const ended: string[] = [];
    net.listener.close();
    net.server.tcpListen({
      port: 81,
      onConnection: (connection) => ({
        onEnd: () => {
          connection.write(new Uint8Array(10));
          connection.end();
        },
      }),
    });
    net.client.tcpConnect({
      to: { address: "10.0.0.2", port: 81 },
      onOpen: (connection) => {
        connection.end();
      },
      onData: (bytes) => ended.push(`data ${bytes.length}`),
      onEnd: () => ended.push("end"),
      onClose: (error) => ended.push(`closed ${error ?? "well"}`),
    });
    net.run(SECOND);
    expect(ended).toEqual(["data 10", "end", "closed well"]);
  });
});

describe("a listener whose application is busy", () => {
  it("keeps opened connections, drops SYNs beyond its backlog, and serves them later", () => {
    const net = connected({ tuning: {} });
    net.listener.close();
    const accepted: number[] = [];
    const listener = net.server.tcpListen({
      port: 82,
      backlog: 2,
      onConnection: (connection) => {
        accepted.push(connection.remote.port);
        return {};
      },
    });
    listener.accepting = false;
    const opened: string[] = [];
    for (const name of ["first", "second", "third"]) {
      net.client.tcpConnect({ to: { address: "10.0.0.2", port: 82 }, onOpen: () => opened.push(name) });
      net.run(10 * MS);
    }
    expect(opened).toEqual(["first", "second"]);
    listener.accepting = true;
    net.run(2 * SECOND);
    expect(opened).toEqual(["first", "second", "third"]);
    expect(accepted).toHaveLength(3);
  });
});

describe("keep-alive", () => {
  it("probes an idle peer and gives up when it is gone", () => {
    const net = connected({ answerBytes: 0 });
    net.open(50, { keepAliveNs: 10 * SECOND });
    net.run(35 * SECOND);
    expect(net.segments("out").filter((text) => text === "A 0").length).toBeGreaterThanOrEqual(3);
    net.link.set({ up: false });
    net.run(3600 * SECOND);
    expect(net.events).toEqual(["open", "closed timed-out"]);
  });
});

describe("the same seed", () => {
  it("gives the same bytes, another seed others", () => {
    const bytesOf = (seed: number): Uint8Array => {
      const net = connected({ seed, answerBytes: 50_000, link: { loss: 0.02 } });
      net.open();
      net.run(30 * SECOND);
      return net.pcapng();
    };
    const [first, again, other] = [bytesOf(7), bytesOf(7), bytesOf(8)];
    expect(Buffer.compare(first, again)).toBe(0);
    expect(Buffer.compare(first, other)).not.toBe(0);
  });
});
