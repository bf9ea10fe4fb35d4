/** A run in few words. */

import { getRun, type Database } from "@millrace/db";
import { shardOf, type RunState } from "@millrace/engine";
import { runIdOf } from "@millrace/wire";
import { runNotFound } from "./fields.ts";

export type RunHead = {
  readonly id: number;
  readonly run_name: string;
  readonly state: RunState;
  readonly shard: number;
};

/** @throws MillraceError RUN_NOT_FOUND */
export async function readRunHead(db: Database, runKey: number): Promise<RunHead> {
  const row = await getRun(db, runKey);
  if (row === null) throw runNotFound(runIdOf(runKey));
  const { id, run_name, state, dag_id } = row;
  return { id, run_name, state, shard: shardOf(dag_id) };
}
