import { describe, expect, test } from "vitest";
import { formOf, initialDraft, inputsOf } from "./fields.ts";
import { readForm } from "./read.ts";
import { pathOfRefusal } from "./refusal.ts";

const schema = JSON.stringify({
  type: "object",
  properties: {
    table: { type: "string", title: "Table", description: "Which one." },
    region: { type: "string", enum: ["eu", "us"], default: "eu" },
    level: { enum: [1, "1"] },
    zone: { enum: ["a", "b", "c", "d", "e"] },
    plan: {
      oneOf: [
        { const: "s", title: "Small" },
        { const: "l", title: "Large" },
      ],
    },
    rows: { type: "integer", minimum: 1, maximum: 10, default: 5 },
    ratio: { type: "number" },
    dry: { type: "boolean", default: true },
    agreed: { type: "boolean" },
    since: { type: "string", format: "date-time" },
    day: { type: "string", format: "date" },
    hour: { type: "string", format: "time" },
    mail: { type: "string", format: "email" },
    comment: { type: "string", contentMediaType: "text/markdown" },
    story: { type: "string", maxLength: 5_000 },
    tags: { type: "array", items: { type: "string" } },
    counts: { type: "array", items: { type: "integer" }, maxItems: 3 },
    parts: { type: "array", items: { enum: ["x", "y", "z"] } },
    rules: { type: "array", items: { type: "object" } },
    extra: { type: "object", additionalProperties: true },
    limit: { anyOf: [{ type: "integer" }, { type: "null" }] },
    kind: { $ref: "#/$defs/kind" },
    version: { const: 2 },
    address: { $ref: "#/$defs/address" },
  },
  $defs: {
    kind: { type: "string", enum: ["full", "delta"] },
    address: {
      type: "object",
      title: "Address",
      properties: { city: { type: "string" }, zip: { type: "string", pattern: "^[0-9]{5}$" } },
      required: ["city"],
    },
  },
  required: ["table", "region", "agreed"],
});
const form = formOf(schema, { whole: "Params" });
const inputs = inputsOf(form.fields);

function filled(typed: Record<string, string>) {
  return readForm(form, { ...initialDraft(form), "/table": "t", "/agreed": "true", ...typed });
}

function errorAt(path: string, typed: Record<string, string>): string | undefined {
  const reading = filled(typed);
  return reading.ok ? undefined : reading.errors[path];
}

describe("formOf", () => {
  test("each type gets the input that suits it", () => {
    expect(Object.fromEntries(inputs.map(({ path, widget }) => [path, widget]))).toEqual({
      "/table": "text",
      "/region": "radio",
      "/level": "radio",
      "/zone": "select",
      "/plan": "radio",
      "/rows": "integer",
      "/ratio": "number",
      "/dry": "checkbox",
      "/agreed": "yes-no",
      "/since": "date-time",
      "/day": "date",
      "/hour": "time",
      "/mail": "email",
      "/comment": "multi-line",
      "/story": "multi-line",
      "/tags": "lines",
      "/counts": "lines",
      "/parts": "checks",
      "/rules": "json",
      "/extra": "json",
      "/limit": "integer",
      "/kind": "radio",
      "/version": "const",
      "/address/city": "text",
      "/address/zip": "text",
    });
  });

  test("title, description, default, choices and limits come from the schema", () => {
    const at = (path: string) => inputs.find((input) => input.path === path);
    expect(at("/table")).toMatchObject({
      label: "Table",
      description: "Which one.",
      isRequired: true,
    });
    expect(at("/region")).toMatchObject({ isRequired: false, initial: '"eu"' });
    expect(at("/rows")).toMatchObject({ initial: "5", hint: "at least 1, at most 10" });
    expect(at("/plan")?.choices).toEqual([
      { label: "Small", json: '"s"' },
      { label: "Large", json: '"l"' },
    ]);
  });

  test("a default of an object is the default of what is in it", () => {
    const text = '{"properties":{"a":{"type":"object","properties":{"b":{"type":"string"}}}}}';
    const schema = JSON.parse(text) as { properties: { a: object } };
    const { a } = schema.properties;
    const outer = { ...schema, properties: { a: { ...a, default: { b: "from outside" } } } };
    const { fields } = formOf(JSON.stringify(outer), { whole: "Params" });
    expect(inputsOf(fields)[0]?.initial).toBe("from outside");
  });

  test("a schema that is empty or broken is typed as a whole, one that allows nothing is no form", () => {
    for (const text of ["", "{", "[]", '{"type":"object"}']) {
      expect(formOf(text, { whole: "Params" })).toMatchObject({ isWhole: true });
    }
    const none = formOf('{"type":"object","additionalProperties":false}', { whole: "Params" });
    expect(none.fields).toEqual([]);
  });

  test("a schema that contains itself ends in JSON", () => {
    const text = JSON.stringify({
      $ref: "#/$defs/node",
      $defs: {
        node: {
          type: "object",
          properties: { name: { type: "string" }, next: { $ref: "#/$defs/node" } },
        },
        loop: { $ref: "#/$defs/loop" },
      },
    });
    const last = inputsOf(formOf(text, { whole: "Params" }).fields).at(-1);
    expect(last?.widget).toBe("json");
    const loop = formOf('{"$ref":"#/$defs/loop","$defs":{"loop":{"$ref":"#/$defs/loop"}}}', {
      whole: "Params",
    });
    expect(loop.isWhole).toBe(true);
  });
});

describe("readForm", () => {
  test("what was typed becomes values of the right types; what was left empty is left to the server", () => {
    expect(
      filled({
        "/level": "1",
        "/ratio": "0.5",
        "/dry": "false",
        "/agreed": "false",
        "/tags": "a\n\n b\n",
        "/counts": "1\n2",
        "/parts": '["x","z"]',
        "/rules": '[{"a":1}]',
        "/since": "2026-01-01T00:00:00Z",
        "/address/city": "Cádiz",
      }),
    ).toEqual({
      ok: true,
      values: {
        table: "t",
        region: "eu",
        level: 1,
        rows: 5,
        ratio: 0.5,
        dry: false,
        agreed: false,
        tags: ["a", " b"],
        counts: [1, 2],
        parts: ["x", "z"],
        rules: [{ a: 1 }],
        since: "2026-01-01T00:00:00.000Z",
        version: 2,
        address: { city: "Cádiz" },
      },
    });
  });

  test.each([
    ["/table", "", "Table is required."],
    ["/agreed", "", "agreed is required."],
    ["/rows", "1.5", '"1.5" is not a whole number.'],
    ["/rows", "11", "rows must be at most 10, not 11."],
    ["/ratio", "much", '"much" is not a number.'],
    ["/mail", "anna", "mail must be an e-mail address."],
    ["/extra", "[", "Not valid JSON"],
    ["/extra", "[1]", "extra must be an object, not a list."],
    ["/counts", "1\nx", '"x" is not a number.'],
    ["/counts", "1\n2\n3\n4", "counts must have at most 3 of them, not 4."],
    ["/since", "soon", '"soon" is not a date and time.'],
    ["/address/zip", "ABC", "zip must match ^[0-9]{5}$."],
  ])("%s as %j is refused at its field", (path, text, message) => {
    expect(errorAt(path, { [path]: text })).toContain(message);
  });

  test("an object nobody needs is left out while nothing is typed into it, and checked once something is", () => {
    expect(filled({})).toMatchObject({ ok: true });
    expect(errorAt("/address/city", { "/address/zip": "11001" })).toBe("city is required.");
  });

  test("nothing in a field that must be there and may be null is null, in a list of any length an empty list", () => {
    const text = JSON.stringify({
      properties: {
        until: { type: ["string", "null"] },
        tags: { type: "array", items: { type: "string" } },
        few: { type: "array", items: { type: "string" }, minItems: 1 },
      },
      required: ["until", "tags", "few"],
    });
    const form = formOf(text, { whole: "Params" });
    const reading = readForm(form, initialDraft(form));
    expect(reading).toEqual({ ok: false, errors: { "/few": "few is required." } });
    expect(readForm(form, { "/few": "a" })).toEqual({
      ok: true,
      values: { until: null, tags: [], few: ["a"] },
    });
  });

  test("as a whole it must be an object", () => {
    const whole = formOf("", { whole: "Params" });
    expect(readForm(whole, initialDraft(whole))).toEqual({ ok: true, values: {} });
    expect(readForm(whole, { "": '{"a":1}' })).toEqual({ ok: true, values: { a: 1 } });
    expect(readForm(whole, { "": "[1]" }).ok).toBe(false);
  });
});

describe("pathOfRefusal", () => {
  test.each([
    [{ message: "too big", metadata: { field: "params.rows" } }, "/rows"],
    [{ message: "too big", metadata: { path: "/rows" } }, "/rows"],
    [{ message: "no", metadata: { field: "values.address.city" } }, "/address/city"],
    [{ message: "no", metadata: { field: "values.rules.0.name" } }, "/rules"],
    [{ message: "params.ratio must be at most 1", metadata: {} }, "/ratio"],
    [{ message: "rows and ratio do not go together", metadata: {} }, null],
    [{ message: "no", metadata: {} }, null],
  ])("%j belongs to %s", (failure, path) => {
    expect(pathOfRefusal(form, failure)).toBe(path);
  });
});
