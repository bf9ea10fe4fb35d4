/** Reads options that TypeScript may not have seen: each has a reader, and a name without one is refused. */

import { MillraceError } from "@millrace/engine";
import { durationForms, durationMs } from "./duration.ts";
import { instantForms, instantMs } from "./instant.ts";

/** Reads one option or throws; `name` is the option's full name for the message. */
export type Read<T> = (value: unknown, name: string) => T;

/** The options that were given, read; an option that is undefined counts as not given. */
export function readOptions<T extends object>(
  options: object,
  readers: { readonly [K in keyof T]-?: Read<T[K]> },
  what: string,
): Partial<T> {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const read = given.map(([name, value]) => {
    if (!Object.hasOwn(readers, name)) {
      throw new MillraceError(
        "DAG_INVALID",
        `${what} has the unknown option "${name}"; the options are ${Object.keys(readers).join(", ")}`,
        { metadata: { field: name } },
      );
    }
    return [name, readers[name as keyof T](value, `${what}: option "${name}"`)];
  });
  return Object.fromEntries(read) as Partial<T>;
}

/** Refuses a value of an option, saying what it may be. */
export function refuseOption(name: string, value: unknown, remedy: string): never {
  throw new MillraceError("DAG_INVALID", `${name} is ${show(value)}; it must be ${remedy}`, {
    metadata: { field: name },
  });
}

export const text: Read<string> = (value, name) =>
  typeof value === "string" ? value : refuseOption(name, value, "text");

export const flag: Read<boolean> = (value, name) =>
  typeof value === "boolean" ? value : refuseOption(name, value, "true or false");

export const duration: Read<number> = (value, name) =>
  durationMs(value) ?? refuseOption(name, value, durationForms);

export const positiveDuration: Read<number> = (value, name) => {
  const ms = durationMs(value);
  return ms !== null && ms > 0 ? ms : refuseOption(name, value, `longer than 0: ${durationForms}`);
};

export const instant: Read<number> = (value, name) =>
  instantMs(value) ?? refuseOption(name, value, instantForms);

export const texts: Read<readonly string[]> = (value, name) =>
  Array.isArray(value) && value.every((one) => typeof one === "string")
    ? value
    : refuseOption(name, value, "a list of texts");

export const textsByName: Read<Readonly<Record<string, string>>> = (value, name) =>
  typeof value === "object" &&
  value !== null &&
  Object.values(value).every((one) => typeof one === "string")
    ? { ...(value as Record<string, string>) }
    : refuseOption(name, value, "an object of texts");

export function integer(min: number, max: number): Read<number> {
  return (value, name) =>
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max
      ? (value as number)
      : refuseOption(name, value, `a whole number from ${min} to ${max}`);
}

export function oneOf<T>(...allowed: readonly T[]): Read<T> {
  return (value, name) =>
    allowed.find((one) => one === value) ??
    refuseOption(name, value, allowed.map((one) => JSON.stringify(one)).join(" or "));
}

/** How much of a wrong value a message repeats. */
const shownMax = 100;

function show(value: unknown): string {
  if (value instanceof Date) return "an invalid Date";
  if (typeof value === "function") return "a function";
  const shown = JSON.stringify(value) ?? String(value);
  return shown.length > shownMax ? `${shown.slice(0, shownMax)}…` : shown;
}
