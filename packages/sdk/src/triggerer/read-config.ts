/** What triggerers are told, read with care: it may come from any language. */

import { MillraceError } from "@millrace/engine";
import { triggerIntervalMinMs } from "../limits.ts";
import {
  readHeaders,
  readMethod,
  readStatuses,
  readUntil,
  readUrl,
} from "../waiting/trigger-options.ts";
import { refuseField } from "../options/refuse-field.ts";
import type { FileWatch, HttpWatch } from "../waiting/trigger-spec.ts";

const defaultHttpIntervalMs = 30_000;
const defaultFileIntervalMs = 10_000;

/** @throws MillraceError FIELD_INVALID */
export function readHttpWatch(config: unknown): HttpWatch {
  const { url, method, headers, body, intervalMs, status, until } = fieldsOf(config, "http");
  return {
    url: readUrl(url, "trigger.http: url"),
    method: readMethod(method ?? "GET", "trigger.http: method"),
    headers: readHeaders(headers ?? {}, "trigger.http: headers"),
    body: body === null || body === undefined ? null : readText(body, "trigger.http: body"),
    intervalMs: readIntervalMs(intervalMs ?? defaultHttpIntervalMs, "trigger.http: intervalMs"),
    status: isNone(status) ? [] : readStatuses(status, "trigger.http: status"),
    until: isNone(until) ? null : readUntil(until, "trigger.http: until"),
  };
}

/** @throws MillraceError FIELD_INVALID */
export function readFileWatch(config: unknown): FileWatch {
  const { path, intervalMs } = fieldsOf(config, "file");
  const read = readText(path, "trigger.file: path");
  if (read === "") refuseField("trigger.file: path", path, "the path of a file or a folder");
  return {
    path: read,
    intervalMs: readIntervalMs(intervalMs ?? defaultFileIntervalMs, "trigger.file: intervalMs"),
  };
}

function fieldsOf(config: unknown, word: string): Readonly<Record<string, unknown>> {
  if (typeof config === "object" && config !== null && !Array.isArray(config))
    return config as Record<string, unknown>;
  throw new MillraceError("FIELD_INVALID", `trigger.${word}: the config is no object`, {
    metadata: { field: `trigger.${word}` },
  });
}

function isNone(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}

function readText(value: unknown, field: string): string {
  return typeof value === "string" ? value : refuseField(field, value, "text");
}

function readIntervalMs(value: unknown, field: string): number {
  const isEnough = typeof value === "number" && value >= triggerIntervalMinMs;
  return isEnough ? value : refuseField(field, value, `at least ${triggerIntervalMinMs}`);
}
