import { expect, test } from "vitest";
import { concurrencyKeyOf } from "./concurrency-key.ts";

const key = (expression: string, params: unknown) =>
  concurrencyKeyOf({ expression, whenBusy: "queue" }, JSON.stringify(params));
const customer = '{"$":"run","path":["params","customer"]}';

test("equal values are equal keys, whatever the order of their fields", () => {
  expect(key(customer, { customer: "x" })).toBe(key(customer, { customer: "x", other: 1 }));
  expect(key(customer, { customer: "1" })).not.toBe(key(customer, { customer: 1 }));
  expect(key(customer, { customer: { a: 1, b: [2] } })).toBe(
    key(customer, { customer: { b: [2], a: 1 } }),
  );
});

test("what is missing is a key of its own, and so is the rest of a list", () => {
  expect(key(customer, {})).toBe("[null]");
  expect(key(customer, { customer: null })).toBe("[null]");
  const both = `[${customer},{"$":"run","path":["params","at",0,"region"]}]`;
  expect(key(both, { customer: "x", at: [{ region: "eu" }] })).toBe('["x","eu"]');
  expect(key(both, { customer: "x" })).toBe('["x",null]');
  expect(key(customer, { $: "object", v: { customer: "y" } })).toBe('["y"]');
});
