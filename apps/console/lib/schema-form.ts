/** From a JSON Schema of params to the fields of a form, and from what was typed back to params. */
import type { Json } from "./codec.ts";

export type Field = {
  readonly name: string;
  readonly label: string;
  readonly description: string;
  readonly widget: Widget;
  readonly isRequired: boolean;
  /** What the input holds at first; every widget but the checkbox edits text. */
  readonly initial: string;
  /** For `select`: the choices, as JSON, so that 1 and "1" differ. */
  readonly choices: readonly { readonly label: string; readonly json: string }[];
  /** True for the one field that stands for all of params. */
  readonly isWhole: boolean;
  /** What the schema says of the range or shape, in words. Empty when it says nothing. */
  readonly hint: string;
};

export type Widget =
  "text" | "number" | "integer" | "checkbox" | "select" | "date-time" | "date" | "json";

export type FormValues = Readonly<Record<string, string>>;

export type FormResult =
  | { readonly ok: true; readonly params: { readonly [name: string]: Json } }
  | { readonly ok: false; readonly errors: Readonly<Record<string, string>> };

type Schema = { readonly [key: string]: Json };

/** A schema that cannot be read as an object of properties gives no fields: the whole of params is then typed as JSON. */
export function fieldsOf(schemaText: string): readonly Field[] {
  const schema = parseSchema(schemaText);
  const properties = asObject(schema?.["properties"]);
  if (schema === null || properties === null) return [];
  const required = new Set(asList(schema["required"]));
  return Object.entries(properties).map(([name, property]) =>
    fieldOf(name, resolve(asObject(property) ?? {}, schema), required.has(name)),
  );
}

/** One JSON field for the whole of params, for a schema without properties. None when it allows no params at all. */
export function wholeParams(schemaText: string): readonly Field[] {
  const schema = parseSchema(schemaText) ?? {};
  if (schema["additionalProperties"] === false) return [];
  const description = asText(schema["description"]) || "A JSON object.";
  const field = fieldOf(wholeParamsName, { title: "Params", description, default: {} }, false);
  return [{ ...field, isWhole: true }];
}

const wholeParamsName = "params";

function fieldOf(name: string, schema: Schema, isRequired: boolean): Field {
  const widget = widgetOf(schema);
  const initial = schema["default"];
  return {
    name,
    label: asText(schema["title"]) || name,
    description: asText(schema["description"]),
    widget,
    // A field with a default may be left out: the server fills it in.
    isRequired: isRequired && initial === undefined,
    initial: initial === undefined ? "" : textOf(initial, widget),
    choices: choicesOf(schema),
    isWhole: false,
    hint: hintOf(schema),
  };
}

function widgetOf(schema: Schema): Widget {
  if (choicesOf(schema).length > 0) return "select";
  const types = asList(schema["type"]).filter((type) => type !== "null");
  const type = types.length === 1 ? types[0] : schema["type"];
  if (type === "boolean") return "checkbox";
  if (type === "integer" || type === "number") return type;
  if (type !== "string") return "json";
  if (schema["format"] === "date-time") return "date-time";
  return schema["format"] === "date" ? "date" : "text";
}

function choicesOf(schema: Schema): Field["choices"] {
  const values = schema["enum"] ?? (schema["const"] === undefined ? [] : [schema["const"]]);
  return asList(values).map((value) => ({
    label: typeof value === "string" ? value : JSON.stringify(value),
    json: JSON.stringify(value),
  }));
}

function hintOf(schema: Schema): string {
  const words: string[] = [];
  const add = (key: string, before: string, after = "") => {
    const limit = schema[key];
    if (typeof limit === "number" || typeof limit === "string")
      words.push(`${before}${limit}${after}`);
  };
  add("minimum", "at least ");
  add("exclusiveMinimum", "more than ");
  add("maximum", "at most ");
  add("exclusiveMaximum", "less than ");
  add("minLength", "at least ", " letters");
  add("maxLength", "at most ", " letters");
  add("pattern", "matches ");
  // Zod writes its integers with the limits of the number type, which say nothing to people; "required" says the other.
  return words
    .filter(
      (word) => !word.includes(String(Number.MAX_SAFE_INTEGER)) && word !== "at least 1 letters",
    )
    .join(", ");
}

function textOf(value: Json, widget: Widget): string {
  if (widget === "select") return JSON.stringify(value);
  if (widget === "json") return JSON.stringify(value, null, 2);
  return typeof value === "string" ? value : JSON.stringify(value);
}

export function initialValues(fields: readonly Field[]): FormValues {
  return Object.fromEntries(fields.map((field) => [field.name, field.initial]));
}

/** An empty input means "not given": the server then uses the default, or says that it is missing. */
export function toParams(fields: readonly Field[], values: FormValues): FormResult {
  const params: Record<string, Json> = {};
  const errors: Record<string, string> = {};
  for (const field of fields) {
    const text = values[field.name] ?? "";
    if (text.trim() === "" && field.widget !== "checkbox") {
      if (field.isRequired) errors[field.name] = `${field.label} is required.`;
      continue;
    }
    const parsed = parseField(field, text);
    if (parsed.ok) params[field.name] = parsed.value;
    else errors[field.name] = parsed.error;
  }
  if (Object.keys(errors).length > 0) return { ok: false, errors };
  return fields.some((field) => field.isWhole)
    ? wholeResult(params[wholeParamsName])
    : { ok: true, params };
}

function wholeResult(value: Json | undefined): FormResult {
  if (value === undefined) return { ok: true, params: {} };
  const params = asObject(value);
  return params === null
    ? { ok: false, errors: { [wholeParamsName]: "Params must be a JSON object, such as {}." } }
    : { ok: true, params };
}

type Parsed =
  { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly error: string };

function parseField({ widget }: Field, text: string): Parsed {
  if (widget === "checkbox") return { ok: true, value: text === "true" };
  if (widget === "number" || widget === "integer") return parseNumber(text, widget);
  if (widget === "select" || widget === "json") return parseJson(text);
  if (widget !== "date-time") return { ok: true, value: text };
  const at = Date.parse(text);
  return Number.isNaN(at)
    ? { ok: false, error: `"${text}" is not a date and time.` }
    : { ok: true, value: new Date(at).toISOString() };
}

function parseNumber(text: string, widget: "number" | "integer"): Parsed {
  const value = Number(text);
  if (!Number.isFinite(value)) return { ok: false, error: `"${text}" is not a number.` };
  if (widget === "integer" && !Number.isInteger(value)) {
    return { ok: false, error: `"${text}" is not a whole number.` };
  }
  return { ok: true, value };
}

export function parseJson(text: string): Parsed {
  try {
    return { ok: true, value: JSON.parse(text) as Json };
  } catch (error) {
    return { ok: false, error: `Not valid JSON: ${error instanceof Error ? error.message : ""}` };
  }
}

/** The field a server's refusal is about: named by its metadata, or else by its message. Null when none is. */
export function fieldOfError(
  fields: readonly Field[],
  {
    message,
    metadata,
  }: { readonly message: string; readonly metadata: Readonly<Record<string, string>> },
): string | null {
  const path = (metadata["field"] ?? metadata["path"] ?? "").split(/[./[\]]+/).filter(Boolean);
  const names = new Set(fields.map((field) => field.name));
  const byPath = path.find((part) => names.has(part));
  if (byPath !== undefined) return byPath;
  const words = message.split(/[^\p{L}\p{N}_$-]+/u);
  const inMessage = fields.filter((field) => words.includes(field.name));
  return inMessage.length === 1 ? (inMessage[0]?.name ?? null) : null;
}

function parseSchema(text: string): Schema | null {
  if (text.trim() === "") return null;
  const parsed = parseJson(text);
  return parsed.ok ? asObject(parsed.value) : null;
}

/** Follows one `$ref` into `$defs`, and takes the real choice of a nullable `anyOf`. */
function resolve(schema: Schema, root: Schema): Schema {
  const reference = asText(schema["$ref"]);
  if (reference.startsWith("#/$defs/")) {
    const target = asObject(asObject(root["$defs"])?.[reference.slice("#/$defs/".length)]);
    return { ...target, ...schema };
  }
  const choices = asList(schema["anyOf"]).map(asObject);
  const real = choices.filter((choice) => choice !== null && choice["type"] !== "null");
  return real.length === 1 ? { ...real[0], ...schema } : schema;
}

function asObject(value: Json | undefined): Schema | null {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Schema)
    : null;
}

function asList(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

function asText(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}
