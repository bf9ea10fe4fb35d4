import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { listAt } from "./json-list.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const textOf = (element: Uint8Array | undefined) => new TextDecoder().decode(element);

function elementsOf(json: string, path: readonly (string | number)[] = []): string[] | null {
  const list = listAt(bytes(json), path);
  if (list === null) return null;
  return Array.from({ length: list.length }, (_, index) => textOf(list.at(index)));
}

describe("listAt", () => {
  test("cuts a list into the bytes of its elements, as they were written", () => {
    const json =
      ' [1.0, "a,]\\"", {"b":[1,2]} ,[], {"$":"date","v":"2026-01-01T00:00:00Z"},null ] ';
    expect(elementsOf(json)).toEqual([
      "1.0",
      '"a,]\\""',
      '{"b":[1,2]}',
      "[]",
      '{"$":"date","v":"2026-01-01T00:00:00Z"}',
      "null",
    ]);
    expect(elementsOf("[]")).toEqual([]);
    expect(listAt(bytes("[1]"), [])?.at(1)).toBeUndefined();
  });

  test.each<[string, (string | number)[], string[] | null]>([
    ['{"rows":{"ids":[1,2]}}', ["rows", "ids"], ["1", "2"]],
    ['{"1":[7]}', [1], ["7"]],
    ['{"a\\u0062":[1]}', ["ab"], ["1"]],
    ['{"a":[1],"a":[2]}', ["a"], ["2"]],
    ["[[1],[2,3]]", [1], ["2", "3"]],
    ["[[1]]", ["0"], null],
    ["[[1]]", [1], null],
    ['{"$":"object","v":{"$":[1],"x":[2]}}', ["$"], ["1"]],
    ['{"$":"map","v":[["1",[5]],[1,[6]]]}', [1], ["6"]],
    ['{"$":"map","v":[["1",[5]],[1,[6]]]}', ["1"], ["5"]],
    ['{"$":"set","v":[1]}', [], null],
    ['{"$":"set","v":[1]}', ["v"], null],
    ['{"rows":3}', ["rows"], null],
    ['{"rows":[1]}', ["other"], null],
    ['"text"', [], null],
    ["null", ["a"], null],
    ['{"__proto__":[1]}', ["__proto__"], ["1"]],
  ])("%s at %j", (json, path, elements) => {
    expect(elementsOf(json, path)).toEqual(elements);
  });

  test.each(["", "[", "[1", "[1,", '["a', "[1 2]", '{"a":[1]', '{"a"}', "{a:1}", '[{"b":]', "[,]"])(
    "says that there is no list in bytes that are no JSON: %s",
    (json) => {
      expect(elementsOf(json)).toBeNull();
      expect(elementsOf(json, ["a"])).toBeNull();
    },
  );

  test("finds in any JSON what a parser finds", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), fc.nat(2), (list, spaced) => {
        const found = elementsOf(JSON.stringify({ a: [0, list] }, null, spaced), ["a", 1]);
        expect(found?.map((text) => JSON.parse(text) as unknown)).toEqual(
          JSON.parse(JSON.stringify(list)) as unknown,
        );
      }),
    );
  });

  test("ends on any bytes", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 60 }),
        fc.array(fc.constantFrom("a", 0)),
        (json, path) => {
          listAt(json, path);
        },
      ),
    );
  });
});
