import { expect, test } from "vitest";
import { createOutputs } from "./outputs.ts";

const value = (text: string) => Buffer.from(text);
const ref = (ix: number, mapIx = -1) => ({ ix, mapIx });

test("keeps values, and that there was none, by run and instance", () => {
  const outputs = createOutputs(10_000);
  outputs.put(1, ref(0), value("1"));
  outputs.put(1, ref(1), null);
  outputs.put(1, ref(0, 3), value("3"));
  expect(outputs.get(1, ref(0))).toEqual(value("1"));
  expect(outputs.get(1, ref(0, 3))).toEqual(value("3"));
  expect(outputs.get(1, ref(1))).toBeNull();
  expect(outputs.get(1, ref(2))).toBeUndefined();
  expect(outputs.get(2, ref(0))).toBeUndefined();
  outputs.forget(1);
  expect(outputs.get(1, ref(0))).toBeUndefined();
});

test("above its limit the runs that came first go first, then the values that came first; the newest stays", () => {
  const outputs = createOutputs(1_000);
  outputs.put(1, ref(0), Buffer.alloc(300));
  outputs.put(2, ref(0), Buffer.alloc(300));
  outputs.put(2, ref(1), Buffer.alloc(300));
  expect(outputs.get(1, ref(0))).toBeUndefined();
  outputs.put(2, ref(2), Buffer.alloc(300));
  expect(outputs.get(2, ref(0))).toBeUndefined();
  expect(outputs.get(2, ref(1))).toHaveLength(300);
  outputs.put(3, ref(0), Buffer.alloc(5_000));
  expect(outputs.get(2, ref(2))).toBeUndefined();
  expect(outputs.get(3, ref(0))).toHaveLength(5_000);
});

test("cuts a list of a value once", () => {
  const outputs = createOutputs(10_000);
  outputs.put(1, ref(0), value('{"rows":[1,2]}'));
  const list = outputs.list(1, ref(0), ["rows"]);
  expect(list?.at(1)).toEqual(value("2"));
  expect(outputs.list(1, ref(0), ["rows"])).toBe(list);
  expect(outputs.list(1, ref(0), [])).toBeNull();
  expect(outputs.list(1, ref(1), [])).toBeUndefined();
});

test("the values of a mapped task together are forgotten when one of them changes", () => {
  const outputs = createOutputs(10_000);
  outputs.put(1, ref(0, 0), value("1"));
  outputs.putAll(1, 0, value("[1]"));
  expect(outputs.all(1, 0)).toEqual(value("[1]"));
  outputs.put(1, ref(0, 0), value("2"));
  expect(outputs.all(1, 0)).toBeUndefined();
});
