/** Tells a database that cannot be reached just now from a statement that is wrong. */

import { MillraceError } from "@millrace/engine";

/** Prisma's codes for no connection, no answer in time and no free connection. */
const prismaCodes = new Set(["P1001", "P1002", "P1008", "P1017", "P2024", "P2028", "P2034"]);
/** Of sockets, and SQLSTATEs by their first characters: connection lost, server going down, too busy, cancelled, deadlock. */
const socketCodes = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "ENOENT",
]);
const sqlStates = /^(08|53|57P|57014|55P03|40001|40P01)/;
/** Errors of the driver that have no code. */
const driverMessages =
  /connection terminated|timeout exceeded when trying to connect|query read timeout|connection error|not queryable/i;

/** UNAVAILABLE for what asking again may cure; every other error as it came. */
export function asUnavailable(error: unknown): unknown {
  return isPassing(error) ? new MillraceError("UNAVAILABLE", undefined, { cause: error }) : error;
}

function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  if (
    typeof code === "string" &&
    (prismaCodes.has(code) || socketCodes.has(code) || isSqlState(code))
  )
    return true;
  return driverMessages.test(error.message) || isPassing(cause) || isPassing(adapterError(error));
}

function isSqlState(code: string): boolean {
  return /^[0-9A-Z]{5}$/.test(code) && sqlStates.test(code);
}

/** Prisma keeps what the driver said in the error's `meta`. */
function adapterError(error: Error): Error | null {
  const { meta } = error as {
    meta?: { driverAdapterError?: { cause?: { originalCode?: string; originalMessage?: string } } };
  };
  const cause = meta?.driverAdapterError?.cause;
  if (cause === undefined) return null;
  return Object.assign(new Error(cause.originalMessage ?? ""), { code: cause.originalCode });
}
