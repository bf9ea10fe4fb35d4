/** What errors of the driver mean to callers. */

import { DatabaseError } from "pg";

import { MillraceError } from "@millrace/engine";

/** Says where a database is without its password, for messages and logs. */
export function describeUrl(url: string): string {
  try {
    const { hostname, port, pathname } = new URL(url);
    return `${hostname}:${port === "" ? "5432" : port}${pathname}`;
  } catch {
    return "an address that is not a URL";
  }
}

/** The server answered with this SQLSTATE. */
export function hasSqlState(error: unknown, state: string): boolean {
  return error instanceof DatabaseError && error.code === state;
}

/** The failure is the connection's, not the statement's: whether the statement took effect is not known. */
export function isConnectionLoss(error: unknown): boolean {
  if (!(error instanceof DatabaseError)) return true;
  // Class 08 and 57P0x: the server said goodbye (shutdown, crash of a sibling, administrator).
  return error.code?.startsWith("08") === true || error.code?.startsWith("57P") === true;
}

/** SQLSTATEs after which the same statement may work: lock timeout, query cancelled, deadlock, out of resources. */
const passing = new Set(["55P03", "57014", "40P01", "40001", "53100", "53200", "53300", "53400"]);

/** The server was too busy; nothing of the statement took effect, and the same may work later. */
export function isTooBusy(error: unknown): boolean {
  return error instanceof DatabaseError && passing.has(error.code ?? "");
}

/** The server does not do what the statement says, now or later; nothing of it took effect. */
export function isRefusedStatement(error: unknown): error is DatabaseError {
  return error instanceof DatabaseError && !isConnectionLoss(error) && !isTooBusy(error);
}

export function unreachable(url: string, cause: unknown): MillraceError {
  const why = cause instanceof Error && cause.message !== "" ? cause.message : "no answer";
  return new MillraceError(
    "DATABASE_UNREACHABLE",
    `The database at ${describeUrl(url)} cannot be reached: ${why}. Check DATABASE_URL and that the server runs.`,
    { cause },
  );
}
