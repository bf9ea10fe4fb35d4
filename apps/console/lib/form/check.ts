/** What a value breaks of its schema, said before the server says it. The server's word is the last. */
import type { Json } from "../codec.ts";
import { asNumber, asText, typeOf } from "./schema.ts";
import type { Schema } from "./schema.ts";

/** Ends a sentence that begins with the field, such as "must be at most 5, not 7". Null when nothing is broken. */
export function brokenRule(schema: Schema, value: Json): string | null {
  if (typeof value === "number") return brokenRange(schema, value);
  if (typeof value === "string") return brokenText(schema, value);
  if (Array.isArray(value)) return brokenList(schema, value as readonly Json[]);
  return brokenType(schema, value);
}

function brokenRange(schema: Schema, value: number): string | null {
  const limit = (key: string) => asNumber(schema[key]);
  const [least, most] = [limit("minimum"), limit("maximum")];
  const [above, below, step] = [
    limit("exclusiveMinimum"),
    limit("exclusiveMaximum"),
    limit("multipleOf"),
  ];
  if (least !== null && value < least) return `must be at least ${least}, not ${value}`;
  if (above !== null && value <= above) return `must be more than ${above}, not ${value}`;
  if (most !== null && value > most) return `must be at most ${most}, not ${value}`;
  if (below !== null && value >= below) return `must be less than ${below}, not ${value}`;
  // Decimal steps are not exact in binary.
  const isOff = step !== null && Math.abs(value / step - Math.round(value / step)) > 1e-9;
  return isOff ? `must be a multiple of ${step}, not ${value}` : brokenType(schema, value);
}

function brokenText(schema: Schema, value: string): string | null {
  // Code points, as JSON Schema counts.
  const letters = Array.from(value).length;
  const [least, most] = [asNumber(schema["minLength"]), asNumber(schema["maxLength"])];
  if (least !== null && letters < least) return `must have at least ${least} letters`;
  if (most !== null && letters > most) return `must have at most ${most} letters, not ${letters}`;
  const format = asText(schema["format"]);
  const pattern = asText(schema["pattern"]);
  const isMatch = pattern === "" || matches(pattern, value);
  if (format === "email" && !(isMatch && /^[^\s@]+@[^\s@]+$/.test(value))) {
    return "must be an e-mail address";
  }
  if (format === "uri" && !(isMatch && URL.canParse(value))) {
    return "must be an address, such as https://…";
  }
  if (!isMatch) return format === "" ? `must match ${pattern}` : `must be a valid ${format}`;
  return brokenType(schema, value);
}

function brokenList(schema: Schema, value: readonly Json[]): string | null {
  const [least, most] = [asNumber(schema["minItems"]), asNumber(schema["maxItems"])];
  if (least !== null && value.length < least) return `must have at least ${least} of them`;
  if (most !== null && value.length > most) {
    return `must have at most ${most} of them, not ${value.length}`;
  }
  const texts = value.map((item) => JSON.stringify(item));
  const twice = texts.find((text, ix) => texts.indexOf(text) !== ix);
  if (schema["uniqueItems"] === true && twice !== undefined) return `must not have ${twice} twice`;
  const items = schema["items"] as Schema | undefined;
  for (const [ix, item] of value.entries()) {
    const rule = items === undefined ? null : brokenRule(items, item);
    if (rule !== null) return `has an element, number ${ix + 1}, that ${rule}`;
  }
  return brokenType(schema, value);
}

function brokenType(schema: Schema, value: Json): string | null {
  const type = typeOf(schema);
  if (type === "" || value === null) return null;
  const own = Array.isArray(value) ? "array" : typeof value;
  if (own === type || (own === "number" && type === "integer" && Number.isInteger(value))) {
    return null;
  }
  return `must be ${names[type] ?? type}, not ${names[own] ?? own}`;
}

const names: Readonly<Record<string, string>> = {
  array: "a list",
  object: "an object",
  string: "a text",
  number: "a number",
  integer: "a whole number",
  boolean: "true or false",
};

/** A pattern that this browser cannot read is left to the server. */
function matches(pattern: string, value: string): boolean {
  try {
    return new RegExp(pattern, "u").test(value);
  } catch {
    return true;
  }
}
