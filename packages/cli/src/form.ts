/** Forms on the terminal: their fields, and values as people type them. */
import { CommandFailure, ExitCode } from "./exit-codes.ts";

export type Field = {
  readonly name: string;
  /** Types of JSON Schema; empty when the schema does not say. */
  readonly types: readonly string[];
  readonly choices: readonly unknown[] | null;
  readonly isRequired: boolean;
  /** Undefined when there is none. */
  readonly usual: unknown;
  readonly description: string;
};

type Schema = Readonly<Record<string, unknown>>;

/** The fields that a form's schema names, in its order. */
export function fieldsOf(schemaText: string, defaults: Schema = {}): Field[] {
  const schema = asSchema(JSON.parse(schemaText));
  const required = Array.isArray(schema["required"]) ? (schema["required"] as unknown[]) : [];
  return Object.entries(asSchema(schema["properties"])).map(([name, of]) => {
    const property = asSchema(of);
    const { type, enum: choices, description, title } = property;
    const words = [title, description].filter((it): it is string => typeof it === "string");
    return {
      name,
      types: [type].flat().filter((it): it is string => typeof it === "string"),
      choices: Array.isArray(choices) ? (choices as unknown[]) : null,
      isRequired: required.includes(name),
      usual: Object.hasOwn(defaults, name) ? defaults[name] : property["default"],
      description: words.join(": "),
    };
  });
}

function asSchema(value: unknown): Schema {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? (value as Schema) : {};
}

/** What a field takes, for people. */
export function showType({ types, choices }: Pick<Field, "types" | "choices">): string {
  if (choices !== null) return choices.map((it) => JSON.stringify(it)).join(" | ");
  return types.length > 0 ? types.join(" or ") : "any";
}

/**
 * Values of `key=value`, typed by the schema: text stays text where text is meant, everything else is read as what it is.
 *
 * @throws CommandFailure usage: without "=", or when a value is not of its field's type.
 */
export function typedValues(
  pairs: readonly string[],
  fields: readonly Field[],
): Record<string, unknown> {
  const entries = pairs.map((pair): [string, unknown] => {
    const at = pair.indexOf("=");
    if (at < 1)
      throw new CommandFailure(ExitCode.usage, `--set is "${pair}"; write --set field=value.`);
    const [name, text] = [pair.slice(0, at), pair.slice(at + 1)];
    const field = fields.find((it) => it.name === name);
    const value = typedValue(text, field ?? { types: [], choices: null });
    if (value !== undefined) return [name, value.value];
    const expected = showType(field ?? { types: [], choices: null });
    throw new CommandFailure(ExitCode.usage, `--set ${name} is "${text}"; it must be ${expected}.`);
  });
  return Object.fromEntries(entries);
}

/** Undefined when the text is nothing that the field takes. */
export function typedValue(
  text: string,
  { types, choices }: Pick<Field, "types" | "choices">,
): { readonly value: unknown } | undefined {
  const candidates = readings(text, types);
  if (choices === null) return candidates[0];
  return candidates.find(({ value }) =>
    choices.some((choice) => JSON.stringify(choice) === JSON.stringify(value)),
  );
}

/** What a text can mean, the most likely first. */
function readings(text: string, types: readonly string[]): { readonly value: unknown }[] {
  const isTyped = types.length > 0;
  const json = jsonIn(text);
  const found = json !== undefined && (!isTyped || types.some((type) => isOf(type, json.value)));
  const boolean = words.get(text.toLowerCase());
  return [
    ...(found ? [json] : []),
    ...(boolean !== undefined && types.includes("boolean") ? [{ value: boolean }] : []),
    ...(!isTyped || types.includes("string") ? [{ value: text }] : []),
  ];
}

const words = new Map([
  ["yes", true],
  ["y", true],
  ["no", false],
  ["n", false],
]);

function jsonIn(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    // It is text then.
    return undefined;
  }
}

function isOf(type: string, value: unknown): boolean {
  switch (type) {
    case "null":
      return value === null;
    case "array":
      return Array.isArray(value);
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    case "integer":
      return Number.isInteger(value);
    case "number":
    case "boolean":
      return typeof value === type;
    default:
      // A text in quotes is meant with them.
      return false;
  }
}
