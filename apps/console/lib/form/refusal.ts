import type { Field, Form, InputField } from "./fields.ts";
import { inputsOf } from "./fields.ts";

type Refusal = {
  readonly message: string;
  readonly metadata: Readonly<Record<string, string>>;
};

/**
 * The path of the field a server's refusal is about: named by its metadata, such as `params.rows` or `values/address/city`,
 * or else by its message. Null when none is.
 */
export function pathOfRefusal(
  { fields, isWhole }: Form,
  { message, metadata }: Refusal,
): string | null {
  if (isWhole) return "";
  const inputs = inputsOf(fields);
  const parts = (metadata["field"] ?? metadata["path"] ?? "").split(/[./[\]]+/).filter(Boolean);
  for (let from = 0; from < parts.length; from += 1) {
    const found = inputAt(fields, parts.slice(from));
    if (found !== null) return found.path;
  }
  const words = new Set(message.split(/[^\p{L}\p{N}_$-]+/u));
  const named = inputs.filter((input) => words.has(input.name));
  return named.length === 1 ? (named[0]?.path ?? null) : null;
}

/** The input that a path leads to; what is within an input's value is that input's. */
function inputAt(fields: readonly Field[], [name, ...rest]: readonly string[]): InputField | null {
  const field = fields.find((one) => one.name === name);
  if (field === undefined) return null;
  return field.kind === "input" ? field : inputAt(field.fields, rest);
}
