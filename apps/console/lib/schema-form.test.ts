import { describe, expect, test } from "vitest";
import { fieldOfError, fieldsOf, initialValues, toParams, wholeParams } from "./schema-form.ts";

const schema = JSON.stringify({
  type: "object",
  properties: {
    table: { type: "string", title: "Table", description: "Which one." },
    region: { type: "string", enum: ["eu", "us"], default: "eu" },
    level: { enum: [1, "1"] },
    rows: { type: "integer", minimum: 1, maximum: 10, default: 5 },
    ratio: { type: "number" },
    dry: { type: "boolean", default: true },
    since: { type: "string", format: "date-time" },
    tags: { type: "array", items: { type: "string" } },
    limit: { anyOf: [{ type: "integer" }, { type: "null" }] },
    kind: { $ref: "#/$defs/kind" },
  },
  $defs: { kind: { type: "string", enum: ["full", "delta"] } },
  required: ["table", "region"],
});
const fields = fieldsOf(schema);

function filled(values: Record<string, string>) {
  return toParams(fields, { ...initialValues(fields), ...values });
}

describe("fieldsOf", () => {
  test("each type gets the input that suits it", () => {
    expect(Object.fromEntries(fields.map(({ name, widget }) => [name, widget]))).toEqual({
      table: "text",
      region: "select",
      level: "select",
      rows: "integer",
      ratio: "number",
      dry: "checkbox",
      since: "date-time",
      tags: "json",
      limit: "integer",
      kind: "select",
    });
  });

  test("title, description, default and limits come from the schema", () => {
    expect(fields[0]).toMatchObject({
      label: "Table",
      description: "Which one.",
      isRequired: true,
    });
    expect(fields[1]).toMatchObject({ isRequired: false, initial: '"eu"' });
    expect(fields[3]).toMatchObject({ initial: "5", hint: "at least 1, at most 10" });
  });

  test("a schema that is empty or broken gives no fields, and one for all of params", () => {
    expect(fieldsOf("")).toEqual([]);
    expect(fieldsOf("{")).toEqual([]);
    expect(wholeParams("").map((field) => field.isWhole)).toEqual([true]);
    expect(wholeParams('{"type":"object","additionalProperties":false}')).toEqual([]);
  });
});

describe("toParams", () => {
  test("what was typed becomes values of the right types; what was left empty is left to the server", () => {
    expect(
      filled({
        table: "orders",
        level: "1",
        ratio: "0.5",
        dry: "false",
        tags: '["a"]',
        since: "2026-01-01T00:00:00Z",
      }),
    ).toEqual({
      ok: true,
      params: {
        table: "orders",
        region: "eu",
        level: 1,
        rows: 5,
        ratio: 0.5,
        dry: false,
        tags: ["a"],
        since: "2026-01-01T00:00:00.000Z",
      },
    });
  });

  test.each([
    [{ table: "" }, "table", "Table is required."],
    [{ table: "x", rows: "1.5" }, "rows", '"1.5" is not a whole number.'],
    [{ table: "x", ratio: "much" }, "ratio", '"much" is not a number.'],
    [{ table: "x", tags: "[" }, "tags", "Not valid JSON"],
    [{ table: "x", since: "soon" }, "since", '"soon" is not a date and time.'],
  ])("%j is refused at its field", (values, name, message) => {
    const result = filled(values);
    expect(result.ok ? "" : result.errors[name]).toContain(message);
  });

  test("params as a whole must be an object", () => {
    const whole = wholeParams("");
    expect(toParams(whole, { params: '{"a":1}' })).toEqual({ ok: true, params: { a: 1 } });
    expect(toParams(whole, { params: "[1]" }).ok).toBe(false);
  });
});

describe("fieldOfError", () => {
  test.each([
    [{ message: "too big", metadata: { field: "params.rows" } }, "rows"],
    [{ message: "too big", metadata: { path: "/rows" } }, "rows"],
    [{ message: "params.ratio must be at most 1", metadata: {} }, "ratio"],
    [{ message: "rows and ratio do not go together", metadata: {} }, null],
    [{ message: "no", metadata: {} }, null],
  ])("%j belongs to %s", (failure, field) => {
    expect(fieldOfError(fields, failure)).toBe(field);
  });
});
