/** What values of a scenario look like: names, addresses and ranges, numbers with limits; each says what it expects. */
import * as v from "valibot";
import { addressBytes, parseRange } from "../../../../src-shared/model/ip-range";

export const name = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$/, "expected a name: lower-case letters, digits, - and ., up to 63"),
);
/** "web-a" is in namespace default, "shop/web-a" in shop. */
export const objectName = v.pipe(
  v.string(),
  v.regex(
    /^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\/)?[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$/,
    "expected a name such as web-a or shop/web-a",
  ),
);
export const device = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9._-]{1,15}$/, "expected a device name of 1 to 15 characters"),
);
export const address = v.pipe(
  v.string(),
  v.check((text) => addressBytes(text)?.length === 4, "expected an IPv4 address such as 10.0.0.1"),
);
export const range = v.pipe(
  v.string(),
  v.check((text) => parseRange(text)?.bytes.length === 4, "expected an IPv4 range such as 10.0.0.0/24"),
);
export const address6 = v.pipe(
  v.string(),
  v.check((text) => addressBytes(text)?.length === 16, "expected an IPv6 address such as fd00::1"),
);
export const range6 = v.pipe(
  v.string(),
  v.check((text) => parseRange(text)?.bytes.length === 16, "expected an IPv6 range such as fd00:10::/56"),
);
export const anyAddress = v.pipe(
  v.string(),
  v.check((text) => addressBytes(text) !== undefined, "expected an IP address such as 10.0.0.1 or fd00::1"),
);
export const anyRange = v.pipe(
  v.string(),
  v.check((text) => parseRange(text) !== undefined, "expected a range such as 10.0.0.0/24 or fd00::/64"),
);
export const family = v.picklist(["IPv4", "IPv6"]);
export const whole = (from: number, to: number) =>
  v.pipe(
    v.number(),
    v.integer("expected a whole number"),
    v.minValue(from, `expected a number from ${from}`),
    v.maxValue(to, `expected a number up to ${to}`),
  );
export const amount = (from: number, to: number) =>
  v.pipe(v.number(), v.minValue(from, `expected ${from} or more`), v.maxValue(to, `expected ${to} or less`));
export const port = whole(1, 65535);
export const seconds = amount(0, 86400);
export const share = amount(0, 1);
export const labels = v.record(v.string(), v.string());
export const bytes = whole(0, 100_000_000);
