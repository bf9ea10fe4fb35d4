/** From what was typed into a form to the object it stands for, or to what is wrong with it, by field. */
import type { Json } from "../codec.ts";
import { brokenRule } from "./check.ts";
import type { Draft, Field, Form, GroupField, InputField } from "./fields.ts";
import { inputsOf } from "./fields.ts";
import { asNumber, asObject } from "./schema.ts";

/** By path. */
export type FieldErrors = Readonly<Record<string, string>>;

export type Reading =
  | { readonly ok: true; readonly values: { readonly [name: string]: Json } }
  | { readonly ok: false; readonly errors: FieldErrors };

type Parsed =
  { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly error: string };

/** An empty input means "not given": the server then uses the default, or says that it is missing. */
export function readForm({ fields, isWhole }: Form, draft: Draft): Reading {
  const errors: Record<string, string> = {};
  const values = readFields(fields, draft, errors);
  if (Object.keys(errors).length > 0) return { ok: false, errors };
  if (!isWhole) return { ok: true, values };
  const [whole] = Object.values(values);
  const object = whole === undefined ? {} : asObject(whole);
  return object === null
    ? { ok: false, errors: { "": "It must be a JSON object, such as {}." } }
    : { ok: true, values: object };
}

function readFields(
  fields: readonly Field[],
  draft: Draft,
  errors: Record<string, string>,
): Record<string, Json> {
  const values: Record<string, Json> = {};
  for (const field of fields) {
    if (field.kind === "group") {
      if (isLeftAlone(field, draft)) continue;
      values[field.name] = readFields(field.fields, draft, errors);
      continue;
    }
    const text = draft[field.path] ?? "";
    if (isEmpty(field, text)) {
      const meant = meantByNothing(field);
      if (meant !== undefined) values[field.name] = meant;
      else if (field.isRequired) errors[field.path] = `${field.label} is required.`;
      continue;
    }
    const parsed = parseInput(field, text);
    if (parsed.ok) values[field.name] = parsed.value;
    else errors[field.path] = parsed.error;
  }
  return values;
}

/** An object that need not be there, and into which nothing was typed. */
function isLeftAlone(group: GroupField, draft: Draft): boolean {
  return (
    !group.isRequired &&
    inputsOf(group.fields).every(
      (input) => input.widget === "const" || (draft[input.path] ?? "") === input.initial,
    )
  );
}

function isEmpty({ widget }: InputField, text: string): boolean {
  return text.trim() === "" || (widget === "checks" && text === "[]");
}

/** What a field that must be there holds when nothing is typed; undefined when that is not allowed. */
function meantByNothing({ widget, schema, isRequired, isNullable }: InputField): Json | undefined {
  if (!isRequired) return undefined;
  if (isNullable) return null;
  const isList = widget === "lines" || widget === "checks";
  return isList && (asNumber(schema["minItems"]) ?? 0) === 0 ? [] : undefined;
}

function parseInput(field: InputField, text: string): Parsed {
  const parsed = parseText(field, text);
  if (!parsed.ok) return parsed;
  const rule = brokenRule(field.schema, parsed.value);
  return rule === null ? parsed : { ok: false, error: `${field.label} ${rule}.` };
}

function parseText({ widget, schema }: InputField, text: string): Parsed {
  switch (widget) {
    case "checkbox":
    case "yes-no":
      return { ok: true, value: text === "true" };
    case "number":
    case "integer":
      return parseNumber(text, widget);
    case "select":
    case "radio":
    case "checks":
    case "const":
    case "json":
      return parseJson(text);
    case "lines":
      return parseLines(text, asObject(schema["items"])?.["type"]);
    case "date-time":
      return parseInstant(text);
    case "text":
    case "email":
    case "url":
    case "multi-line":
    case "date":
    case "time":
      return { ok: true, value: text };
  }
}

function parseNumber(text: string, widget: "number" | "integer"): Parsed {
  const value = Number(text);
  if (!Number.isFinite(value)) return { ok: false, error: `"${text}" is not a number.` };
  if (widget === "integer" && !Number.isInteger(value)) {
    return { ok: false, error: `"${text}" is not a whole number.` };
  }
  return { ok: true, value };
}

function parseLines(text: string, type: Json | undefined): Parsed {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  if (type !== "number" && type !== "integer") return { ok: true, value: lines };
  const numbers = lines.map((line) => parseNumber(line.trim(), type));
  const bad = numbers.find((one) => !one.ok);
  if (bad !== undefined) return bad;
  return { ok: true, value: numbers.flatMap((one) => (one.ok ? [one.value] : [])) };
}

function parseInstant(text: string): Parsed {
  const at = Date.parse(text);
  return Number.isNaN(at)
    ? { ok: false, error: `"${text}" is not a date and time.` }
    : { ok: true, value: new Date(at).toISOString() };
}

function parseJson(text: string): Parsed {
  try {
    return { ok: true, value: JSON.parse(text) as Json };
  } catch (error) {
    return { ok: false, error: `Not valid JSON: ${error instanceof Error ? error.message : ""}` };
  }
}
