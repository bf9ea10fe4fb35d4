/** No figure without proof: every task of a run succeeded at its first attempt, and none began before those it waits for had ended. */
import type { Pool } from "pg";

export type RunCheck = { readonly runIds: readonly number[]; readonly tasksEach: number };

export async function verifyRuns(pool: Pool, { runIds, tasksEach }: RunCheck): Promise<void> {
  const { rows } = await pool.query<{ tasks: number; wrong: number; runs: number }>(
    `SELECT count(*)::int AS tasks, count(*) FILTER (WHERE state <> 6 OR attempt <> 1)::int AS wrong,
       count(DISTINCT run_id)::int AS runs
     FROM task_instance WHERE run_id = ANY ($1)`,
    [runIds],
  );
  const { tasks, wrong, runs } = rows[0]!;
  if (tasks !== runIds.length * tasksEach || wrong > 0 || runs !== runIds.length) {
    throw new Error(
      `No figure: ${tasks} tasks of ${runs} runs, ${wrong} of them not successful at once.`,
    );
  }
  const finals = await pool.query<{ n: number }>(
    "SELECT count(*)::int AS n FROM run WHERE id = ANY ($1) AND state = 3",
    [runIds],
  );
  if (finals.rows[0]!.n !== runIds.length) throw new Error("No figure: a run is not successful.");
}

/** In a chain each task begins after the one before has ended, by the database's clock. */
export async function verifyChain(pool: Pool, runId: number): Promise<void> {
  const { rows } = await pool.query<{ wrong: number }>(
    `SELECT count(*)::int AS wrong FROM task_instance a JOIN task_instance b ON b.run_id = a.run_id AND b.ix = a.ix + 1
     WHERE a.run_id = $1 AND b.started_at < a.ended_at`,
    [runId],
  );
  if (rows[0]!.wrong > 0) throw new Error(`No figure: ${rows[0]!.wrong} links began too early.`);
}
