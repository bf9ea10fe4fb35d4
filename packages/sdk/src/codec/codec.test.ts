import { isDeepStrictEqual } from "node:util";
import { isMillraceError } from "@millrace/engine";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeValue, encodeText, encodeValue } from "./codec.ts";
import { valueBytesMax } from "../limits.ts";

const key = fc.oneof(fc.string(), fc.constantFrom("$", "v", "__proto__", "constructor", "toJSON"));

/** Any value the codec promises to carry, "$" and "__proto__" among its keys. */
const anyValue = fc.letrec((again) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.string({ unit: "binary" }),
    fc.double(),
    fc.integer(),
    fc.boolean(),
    fc.constantFrom(null, undefined, -0, NaN, "$"),
    fc.bigInt(),
    fc.date({ noInvalidDate: true }),
    fc.uint8Array().map((bytes) => new Uint8Array(bytes)),
    fc.array(again("value")),
    fc.dictionary(key, again("value"), { noNullPrototype: true }),
    fc.array(fc.tuple(again("value"), again("value"))).map((entries) => new Map(entries)),
    fc.array(again("value")).map((items) => new Set(items)),
  ),
})).value;

/** Trees with tags whose payload may be wrong. */
const tagged = fc
  .record({
    $: fc.constantFrom("date", "bigint", "bytes", "map", "set", "undefined", "number", "object"),
    v: fc.jsonValue(),
  })
  .map((tree) => JSON.stringify(tree));

describe("a round trip", () => {
  test("gives back every value it can carry", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        // Not toStrictEqual: it takes a key named "constructor" for the class.
        expect(isDeepStrictEqual(decodeValue(encodeValue(value)), value)).toBe(true);
      }),
    );
  });

  test("writes the same text for what it read", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const text = encodeText(value);
        expect(encodeText(decodeValue(text))).toBe(text);
      }),
    );
  });

  test("reads anything else as an error of ours, never as a crash", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), tagged), (text) => {
        try {
          decodeValue(text);
        } catch (error) {
          expect(isMillraceError(error)).toBe(true);
        }
      }),
    );
  });
});

describe("a value that cannot be carried is refused with its place", () => {
  class Account {
    readonly owner = "ada";
  }
  const circle: Record<string, unknown> = {};
  circle["self"] = circle;

  test.each([
    ["a function", { rows: [() => 1] }, /^the value\.rows\[0\] is a function/],
    ["a symbol", Symbol("x"), /is a symbol/],
    ["an instance of a class", { by: new Account() }, /^the value\.by is an instance of Account/],
    ["an error", new TypeError("no"), /is an instance of TypeError/],
    ["a promise", Promise.resolve(1), /is an instance of Promise/],
    ["a Buffer", Buffer.from("a"), /is a Buffer.*pass new Uint8Array/],
    ["another typed array", new Float64Array(1), /is an instance of Float64Array/],
    ["a boxed number", Object(1), /is an instance of Number/],
    ["an invalid date", new Map([["at", new Date(NaN)]]), /entry\[0\] is an invalid Date/],
    ["a hole", Object.assign([], { 1: 1 }), /^the value\[0\] is a hole/],
    ["a symbol as key", { [Symbol.iterator]: 1 }, /has a key that is a symbol/],
    ["a circle", circle, /nested deeper than 100 levels, or contains itself/],
  ])("%s", (_name, value, message) => {
    expect(() => encodeText(value)).toThrow(message);
  });

  test("more than 256 KiB", () => {
    const largest = "x".repeat(valueBytesMax - 2);
    expect(decodeValue(encodeValue(largest))).toBe(largest);
    expect(() => encodeValue(`${largest}x`, 'the result of task "load"')).toThrow(
      'the result of task "load" has 262145 bytes when encoded; at most 262144 are allowed',
    );
  });

  test("bytes that are not UTF-8", () => {
    expect(() => decodeValue(new Uint8Array([0x22, 0xff, 0x22]))).toThrow("not UTF-8 JSON");
  });
});

test("an object without a prototype arrives as an ordinary one", () => {
  const bare = Object.assign(Object.create(null) as object, { a: 1 });
  expect(decodeValue(encodeText(bare))).toStrictEqual({ a: 1 });
});

test("a key __proto__ never becomes a prototype", () => {
  const decoded = decodeValue('{"__proto__":{"isAdmin":true}}') as { isAdmin?: boolean };
  expect(decoded.isAdmin).toBeUndefined();
  expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype);
});
