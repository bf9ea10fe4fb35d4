import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";

import {
  boolArray,
  byteaArray,
  int2Array,
  int4Array,
  int8Array,
  textArray,
  timestamptzArray,
} from "./binary-array.ts";
import { testDatabase, type TestDatabase } from "./testing.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

/** What Postgres makes of the array, element by element. */
async function readBack(type: string, array: Buffer): Promise<unknown[]> {
  const { rows } = await database.db.pool.query<{ value: unknown }>({
    name: `read back ${type}`,
    text: `SELECT value FROM unnest($1::${type}[]) WITH ORDINALITY AS v (value, ord) ORDER BY ord`,
    values: [array],
  });
  return rows.map((row) => row.value);
}

const nullable = <T>(values: fc.Arbitrary<T>) => fc.array(fc.option(values), { maxLength: 20 });
const instants = fc.date({
  min: new Date("-004000-01-01"),
  max: new Date("9999-12-31"),
  noInvalidDate: true,
});
const safe = fc.integer({ min: -(2 ** 53) + 1, max: 2 ** 53 - 1 });
// Postgres holds no NUL in a text; the rules of the tables keep it out.
const texts = fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("\0", ""));

test("Postgres reads every array as the values that went in", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        int8: nullable(safe),
        int4: nullable(fc.integer()),
        int2: nullable(fc.integer({ min: -32_768, max: 32_767 })),
        bool: nullable(fc.boolean()),
        bytea: nullable(fc.uint8Array()),
        text: nullable(texts),
        timestamptz: nullable(instants),
      }),
      async (given) => {
        expect(await readBack("int8", int8Array(given.int8))).toEqual(given.int8);
        expect(await readBack("int4", int4Array(given.int4))).toEqual(given.int4);
        expect(await readBack("int2", int2Array(given.int2))).toEqual(given.int2);
        expect(await readBack("bool", boolArray(given.bool))).toEqual(given.bool);
        const bytes = given.bytea.map((value) => value && Buffer.from(value));
        expect(await readBack("bytea", byteaArray(given.bytea))).toEqual(bytes);
        expect(await readBack("text", textArray(given.text))).toEqual(given.text);
        const ms = given.timestamptz.map((value) => value && value.getTime());
        expect(await readBack("timestamptz", timestamptzArray(ms))).toEqual(given.timestamptz);
      },
    ),
    { numRuns: 50 },
  );
});
