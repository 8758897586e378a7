/** Ends of connections as people read them: no port where there is none. */
import { expect, test } from "vitest";
import { endpointText, nameWithPort } from "../../../src-shared/model/endpoint-text";

test("addresses", () => {
  expect(endpointText({ ip: "10.0.0.1", port: 80 })).toBe("10.0.0.1:80");
  expect(endpointText({ ip: "fd00::1", port: 80 })).toBe("[fd00::1]:80");
  expect(endpointText({ ip: "fd00::1", port: 0 }), "the server of an echo").toBe("fd00::1");
});

test("pods and Services", () => {
  expect(nameWithPort("shop/web", 80)).toBe("shop/web:80");
  expect(nameWithPort("shop/web-a", 0), "the server of an echo").toBe("shop/web-a");
});
