/** Errors as the driver throws them. */

import pg from "pg";

/** The server refused a statement. */
export function refused(code: string, message: string, constraint?: string): Error {
  const error = new pg.DatabaseError(message, message.length, "error");
  error.code = code;
  if (constraint !== undefined) error.constraint = constraint;
  return error;
}

export const uniqueViolation = "23505";
export const checkViolation = "23514";

/** The connection broke: whether what was sent took effect is not known. */
export function connectionLost(): Error {
  return Object.assign(new Error("Connection terminated unexpectedly"), { code: "ECONNRESET" });
}
