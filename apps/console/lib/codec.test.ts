import { assert, jsonValue, property } from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeValue, encodeJson, nodeToJson } from "./codec.ts";
import type { Json, ValueNode } from "./codec.ts";

function decode(value: unknown): ValueNode {
  return decodeValue(new TextEncoder().encode(JSON.stringify(value)));
}

describe("decodeValue", () => {
  test.each([
    [{ $: "date", v: "2026-01-01T00:00:00.000Z" }, "date", "2026-01-01T00:00:00.000Z"],
    [{ $: "bigint", v: "12" }, "bigint", "12"],
    [{ $: "bytes", v: "q80=" }, "bytes", "q80="],
    [{ $: "undefined" }, "undefined", "undefined"],
    [{ $: "number", v: "-0" }, "number", "-0"],
    ["text", "string", "text"],
    [null, "null", "null"],
  ])("%j is a scalar of its own kind", (value, type, text) => {
    expect(decode(value)).toEqual({ kind: "scalar", type, text });
  });

  test("maps keep keys that are not strings, and sets are lists of their own kind", () => {
    const map = decode({
      $: "map",
      v: [
        [1, "one"],
        [{ $: "date", v: "2026-01-01T00:00:00.000Z" }, 2],
      ],
    });
    expect(map).toMatchObject({ kind: "record", type: "map" });
    expect(nodeToJson(map)).toEqual({ "1": "one", "2026-01-01T00:00:00.000Z": 2 });
    expect(decode({ $: "set", v: [1] })).toMatchObject({ kind: "list", type: "set" });
  });

  test("an escaped object shows its own key named $", () => {
    expect(nodeToJson(decode({ $: "object", v: { $: "date", v: 1 } }))).toEqual({
      $: "date",
      v: 1,
    });
  });

  test("an unknown tag, and text that is no JSON, are shown as they are", () => {
    expect(decode({ $: "future", v: 1 })).toMatchObject({ type: "unknown" });
    expect(decodeValue(new TextEncoder().encode("{"))).toEqual({
      kind: "scalar",
      type: "unknown",
      text: "{",
    });
  });

  test("nesting deeper than the codec allows is cut, not followed", () => {
    const text = "[".repeat(2_000) + "]".repeat(2_000);
    expect(JSON.stringify(decodeValue(new TextEncoder().encode(text)))).toContain("…");
  });

  test("any JSON that is encoded is decoded to itself", () => {
    assert(
      property(jsonValue(), (value) => {
        // "-0" is the one number that JSON text does not keep.
        const json = JSON.parse(JSON.stringify(value)) as Json;
        expect(nodeToJson(decodeValue(encodeJson(json)))).toEqual(json);
      }),
    );
  });

  test("an object with a key named $ survives the way to the server", () => {
    expect(nodeToJson(decodeValue(encodeJson({ a: { $: "date", v: "x" } })))).toEqual({
      a: { $: "date", v: "x" },
    });
  });
});
