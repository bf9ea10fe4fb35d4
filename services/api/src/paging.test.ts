import { expect, test } from "vitest";
import { cutPage, isCount, isText, pageSizeOf, positionOf, tokenAfter } from "./paging.ts";

const limits = { default: 50, max: 500 };

test.each([
  [0, 50],
  [1, 1],
  [499, 499],
  [500, 500],
  [501, 500],
])("a page size of %i means %i", (asked, given) => {
  expect(pageSizeOf(asked, limits)).toBe(given);
});

test("a negative page size is refused by name", () => {
  expect(() => pageSizeOf(-1, limits)).toThrow("page_size is -1");
});

test("a token leads to its position, with the filters it was made for and no others", () => {
  const token = tokenAfter(["dags", { search: "a" }], "etl");
  expect(positionOf(token, ["dags", { search: "a" }], isText)).toBe("etl");
  expect(() => positionOf(token, ["dags", { search: "b" }], isText)).toThrow();
  expect(() => positionOf(token, ["runs", { search: "a" }], isText)).toThrow();
  expect(() => positionOf(token, ["dags", { search: "a" }], isCount)).toThrow();
});

test.each([
  "x",
  "////",
  "e30",
  Buffer.from("[1").toString("base64url"),
  Buffer.from("null").toString("base64url"),
])("%j is no token", (token) => {
  expect(() => positionOf(token, [], isText)).toThrow(/page token/);
});

test("the row that was read too many only tells that there is more", () => {
  expect(cutPage([1, 2, 3], 2)).toEqual({ rows: [1, 2], last: 2 });
  expect(cutPage([1, 2], 2)).toEqual({ rows: [1, 2], last: null });
});
