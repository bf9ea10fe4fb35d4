/** What the triggers of this package are told, read with care: it may come from any language, or an older version. */

import { context, durationMs } from "@millrace/sdk";
import { environmentVariable } from "./environment.ts";
import { refuseOf } from "./refuse.ts";

/** In the environment of the triggerer, so that no secret is stored. */
export type FromEnvironment = { readonly env: string };

export function readText(value: unknown, field: string, remedy: string): string {
  return typeof value === "string" && value !== "" ? value : refuseOf(field, value, remedy);
}

export function readTexts(value: unknown, field: string, remedy: string): readonly string[] {
  const list: unknown = typeof value === "string" ? [value] : value;
  const isList =
    Array.isArray(list) &&
    list.length > 0 &&
    list.every((one) => typeof one === "string" && one !== "");
  return isList ? (list as string[]) : refuseOf(field, value, remedy);
}

export function readEnvironmentName(value: unknown, field: string): FromEnvironment {
  const { env } = (value ?? {}) as { env?: unknown };
  if (typeof env === "string" && env !== "") return { env };
  // The value may be a secret: it is not repeated.
  return refuseOf(
    field,
    typeof value,
    'the name of an environment variable of the triggerer, { env: "NAME" }',
  );
}

/** Null for what is not given. */
export function optional<T>(value: unknown, read: (given: unknown) => T): T | null {
  return value === undefined || value === null ? null : read(value);
}

/** @throws MillraceError FIELD_INVALID when this process has no such variable. */
export function secretOf({ env }: FromEnvironment, field: string): string {
  const value = environmentVariable(env);
  if (value !== undefined && value !== "") return value.trim();
  return refuseOf(field, { env }, "in an environment variable that the triggerer has");
}

/** Milliseconds. */
export function readInterval(value: unknown, field: string, fallbackMs: number): number {
  if (value === undefined) return fallbackMs;
  const ms = durationMs(value);
  return ms !== null && ms >= 1_000
    ? ms
    : refuseOf(field, value, 'a duration of at least one second, such as "30s"');
}

/** Of what keeps its messages, told to the triggerer. */
export type Since = {
  /** Of a task that waits: messages from then on count. Milliseconds since 1970; null for from now on. */
  readonly since: number | null;
};

export function readSince(given: unknown): Since {
  const { since } = (given ?? {}) as { since?: unknown };
  return { since: typeof since === "number" ? since : null };
}

/** When the body asked, for a task that waits: what came since then is not missed. Null outside of a body. */
export function askedAt(): number | null {
  try {
    return context().now().getTime();
  } catch {
    return null;
  }
}
