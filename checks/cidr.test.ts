import { describe, expect, test } from "vitest";
import {
  addressAt,
  type Cidr,
  contains,
  firstFree,
  formatCidr,
  hasHostBits,
  overlaps,
  parseAddress,
  parseCidrLoosely,
  size,
  split,
} from "./cidr";

const cidr = (text: string) => parseCidrLoosely(text) as Cidr;

describe("parsing", () => {
  test.each(["10.87.0.0/24", "0.0.0.0/0", "255.255.255.255/32"])(
    "%s comes back as it was",
    (text) => {
      expect(formatCidr(cidr(text))).toBe(text);
    },
  );

  test.each([
    "10.0.0.0",
    "10.0.0/24",
    "256.0.0.0/8",
    "10.0.0.0/33",
    "010.0.0.0/8",
    "::/0",
    " 10.0.0.0/8",
  ])("%j is no range", (text) => expect(parseCidrLoosely(text)).toBeUndefined());

  test.each(["127.1", "2130706433", "localhost", "127.0.0.1 ", ""])("%j is no address", (text) =>
    expect(parseAddress(text)).toBeUndefined(),
  );
});

test("host bits are seen", () => {
  expect(hasHostBits(cidr("10.0.0.1/24"))).toBe(true);
  expect(hasHostBits(cidr("10.0.1.0/24"))).toBe(false);
});

test.each([
  ["10.0.0.0/24", "10.0.1.0/24", false],
  ["10.0.0.0/23", "10.0.1.0/24", true],
  ["10.0.1.0/24", "10.0.0.0/16", true],
  ["255.255.255.0/24", "0.0.0.0/0", true],
])("%s and %s overlap: %s", (a, b, expected) => {
  expect(overlaps(cidr(a), cidr(b))).toBe(expected);
  expect(overlaps(cidr(b), cidr(a))).toBe(expected);
});

test("a range contains itself and its parts, not its surroundings", () => {
  expect(contains(cidr("10.0.0.0/8"), cidr("10.255.0.0/16"))).toBe(true);
  expect(contains(cidr("10.0.0.0/16"), cidr("10.0.0.0/8"))).toBe(false);
});

test("splitting gives equal, adjacent, disjoint parts", () => {
  expect(split(cidr("10.87.0.0/24"), 2).map(formatCidr)).toEqual([
    "10.87.0.0/26",
    "10.87.0.64/26",
    "10.87.0.128/26",
    "10.87.0.192/26",
  ]);
  expect(() => split(cidr("10.0.0.0/31"), 2)).toThrow("cannot be split");
});

test("addresses are counted from the network's own", () => {
  expect(addressAt(cidr("10.87.0.64/26"), 1)).toBe("10.87.0.65");
  expect(size(cidr("10.87.0.64/26"))).toBe(64);
  expect(() => addressAt(cidr("10.87.0.64/26"), 64)).toThrow(RangeError);
});

test.each([
  ["10.87.0.0/24", [], "10.87.0.0/24"],
  ["10.87.0.0/24", ["10.87.0.0/23", "10.87.3.0/24"], "10.87.2.0/24"],
  ["10.87.0.0/24", ["10.87.1.0/24"], "10.87.0.0/24"],
  ["10.87.0.0/22", ["10.87.0.128/25"], "10.87.4.0/22"],
  ["192.168.255.0/24", ["192.168.255.0/24"], undefined],
  ["10.0.0.0/24", ["0.0.0.0/0"], undefined],
  ["11.0.0.0/24", [], undefined],
])("the first free range from %s on beside %j is %s", (proposed, taken, expected) => {
  const found = firstFree(cidr(proposed), taken.map(cidr));
  expect(found && formatCidr(found)).toBe(expected);
});
