/** Reads what triggers are told, or says what is wrong with it. */

import { durationForms, durationMs } from "../options/duration.ts";
import { refuseField } from "../options/refuse-field.ts";
import type { HttpWatch } from "./trigger-spec.ts";

/** Milliseconds. @param minMs a shorter one is refused. @throws MillraceError FIELD_INVALID */
export function readDuration(value: unknown, field: string, minMs = 0): number {
  const ms = durationMs(value);
  if (ms === null) return refuseField(field, value, durationForms);
  if (ms < minMs) return refuseField(field, value, `at least ${minMs / 1000} s`);
  return ms;
}

export function readUrl(value: unknown, field: string): string {
  const url = typeof value === "string" && URL.canParse(value) ? new URL(value) : null;
  if (url === null || !["http:", "https:"].includes(url.protocol))
    return refuseField(field, value, "a URL that begins with http:// or https://");
  if (url.username !== "" || url.password !== "")
    return refuseField(
      field,
      `${url.origin}${url.pathname}`,
      'without a name and a password; send the header authorization, such as { env: "NAME" }',
    );
  return url.href;
}

/** What HTTP calls a token: methods and names of headers. */
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Methods that a client may not send: they are for proxies. */
const forbidden: ReadonlySet<string> = new Set(["CONNECT", "TRACE", "TRACK"]);

export function readMethod(value: unknown, field: string): string {
  const method = typeof value === "string" && token.test(value) ? value.toUpperCase() : null;
  if (method === null || forbidden.has(method))
    return refuseField(field, value, 'a method such as "GET" or "POST"');
  return method;
}

export function readHeaders(value: unknown, field: string): HttpWatch["headers"] {
  if (typeof value !== "object" || value === null)
    return refuseField(field, value, "an object of texts");
  for (const [name, one] of Object.entries(value)) {
    if (!token.test(name)) refuseField(field, name, "named as HTTP allows, such as accept");
    // The value may be a secret: it is not repeated.
    const isText = typeof one === "string" && !/[\r\n\0]/.test(one);
    if (!isText && !isFromEnvironment(one))
      refuseField(`${field}.${name}`, typeof one, 'a text of one line, or { env: "NAME" }');
  }
  return { ...(value as HttpWatch["headers"]) };
}

function isFromEnvironment(value: unknown): boolean {
  const env = typeof value === "object" && value !== null && "env" in value ? value.env : null;
  return typeof env === "string" && env !== "";
}

export function readStatuses(value: unknown, field: string): readonly number[] {
  if (value === undefined) return [];
  const statuses: readonly unknown[] = Array.isArray(value) ? value : [value];
  const isStatus = (one: unknown): one is number =>
    Number.isInteger(one) && (one as number) >= 200 && (one as number) <= 599;
  if (statuses.length === 0 || !statuses.every(isStatus))
    return refuseField(field, value, "a status from 200 to 599, or a list of such");
  return statuses;
}

export function readUntil(value: unknown, field: string): NonNullable<HttpWatch["until"]> {
  const { path, equals } = (value ?? {}) as { path?: unknown; equals?: unknown };
  const keys: readonly unknown[] = typeof path === "string" ? path.split(".") : asList(path);
  const isPath =
    keys.length > 0 &&
    keys.every((key) => (typeof key === "string" && key !== "") || Number.isInteger(key));
  if (!isPath)
    return refuseField(`${field}.path`, path, 'a path such as "job.state" or ["jobs", 0, "state"]');
  if (equals === undefined) return refuseField(`${field}.equals`, equals, "a JSON value");
  return { path: keys as (string | number)[], equals };
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
