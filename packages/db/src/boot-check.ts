/** Refuses a database that could lose what Millrace has acknowledged, or that is too old to run its SQL. */

import type { Pool } from "pg";

import { MillraceError } from "@millrace/engine";

import { describeUrl } from "./errors.ts";
import type { DbLog } from "./log.ts";

/** 15.0, as `server_version_num` writes it. */
export const oldestServerVersion = 150_000;

/** What the server says of itself. */
export type ServerSettings = {
  /** `server_version_num`. */
  readonly version: number;
  readonly fsync: string;
  readonly synchronous_commit: string;
  readonly full_page_writes: string;
  readonly in_recovery: boolean;
};

const question = `SELECT current_setting('server_version_num')::int AS version, current_setting('fsync') AS fsync,
  current_setting('synchronous_commit') AS synchronous_commit,
  current_setting('full_page_writes') AS full_page_writes, pg_is_in_recovery() AS in_recovery`;

/**
 * Checks the server once, at the start of a process. In development, settings that can lose work are only warned about.
 *
 * @throws MillraceError DATABASE_UNFIT
 */
export async function checkServer(
  pool: Pool,
  url: string,
  options: { readonly isDev: boolean; readonly log: DbLog },
): Promise<void> {
  const { rows } = await pool.query<ServerSettings>(question);
  const where = describeUrl(url);
  const { refusal, unsafe } = judgeServer(rows[0]!);
  if (refusal !== null)
    throw new MillraceError("DATABASE_UNFIT", `The database ${where} ${refusal}`);
  if (unsafe.length === 0) return;
  if (options.isDev) {
    options.log.warn({ database: where, unsafe }, "db.settings.unsafe");
    return;
  }
  throw new MillraceError(
    "DATABASE_UNFIT",
    `The database ${where} runs with ${unsafe.join(", ")}: a crash could lose work that was acknowledged. ` +
      `Turn ${unsafe.length === 1 ? "it" : "them"} on, or start in development mode.`,
  );
}

/** Why a server cannot be used at all, if so, and which of its settings can lose work. */
export function judgeServer(found: ServerSettings): { refusal: string | null; unsafe: string[] } {
  const unsafe: string[] = [];
  if (found.fsync !== "on") unsafe.push(`fsync=${found.fsync}`);
  if (found.full_page_writes !== "on") unsafe.push(`full_page_writes=${found.full_page_writes}`);
  // Every other value answers only after the WAL is on this server's disk.
  if (found.synchronous_commit === "off") unsafe.push("synchronous_commit=off");
  return { refusal: refusalOf(found), unsafe };
}

function refusalOf(found: ServerSettings): string | null {
  if (found.version < oldestServerVersion) {
    return `is PostgreSQL ${Math.floor(found.version / 10_000)}; Millrace needs 15 or newer. Upgrade the server.`;
  }
  if (found.in_recovery) return "is a read-only standby. Give Millrace the address of the primary.";
  return null;
}
