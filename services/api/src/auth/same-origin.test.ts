import { expect, test } from "vitest";
import { assertSameOrigin } from "./same-origin.ts";

const headers = (given: Record<string, string>) => (name: string) =>
  ({ host: "127.0.0.1:8080", ...given })[name];

test.each([
  [{}],
  [{ origin: "http://127.0.0.1:8080" }],
  [{ origin: "http://127.0.0.1:8080", "sec-fetch-site": "same-origin" }],
  [{ "sec-fetch-site": "none" }],
])("let through: %j", (given) => {
  assertSameOrigin(headers(given));
});

test.each([
  [{ origin: "https://evil.example" }],
  [{ origin: "null" }],
  [{ origin: "http://127.0.0.1:9090" }],
  [{ "sec-fetch-site": "cross-site" }],
  [{ "sec-fetch-site": "same-site" }],
  [{ origin: "http://127.0.0.1:8080", "sec-fetch-site": "cross-site" }],
])("refused: %j", (given) => {
  expect(() => assertSameOrigin(headers(given))).toThrow("another site");
});
