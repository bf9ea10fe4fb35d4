/** The runs that a request about one run means: that one, and those of its DAG before or after it. */

import { getRun, listRunsByDate, type RunRow } from "@millrace/db";
import type { ApiContext } from "./context.ts";
import { fieldInvalid, runIdField, runNotFound } from "./fields.ts";
import { apiLimits } from "./limits.ts";

export type RunsAsked = {
  readonly runId: string;
  readonly past: boolean;
  readonly future: boolean;
};

export type RunRef = Pick<RunRow, "id" | "shard">;

/**
 * The run that is named comes first, the others by logical date.
 *
 * @throws MillraceError RUN_NOT_FOUND; FIELD_INVALID when the run has no logical date, or there are too many others.
 */
export async function runsMeant(
  { db }: Pick<ApiContext, "db">,
  { runId, past, future }: RunsAsked,
): Promise<RunRef[]> {
  const named = await getRun(db, runIdField(runId));
  if (named === null) throw runNotFound(runId);
  if (!past && !future) return [named];
  const { logical_at: at } = named;
  const field = past ? "past" : "future";
  if (at === null)
    throw fieldInvalid(field, `is set, but the run ${runId} has no logical date to go by.`);
  const range = { from: past ? null : at, to: future ? null : at };
  const runs: RunRef[] = [named];
  let after: Date | null = null;
  for (;;) {
    const limit = apiLimits.changedRunsPerBatch;
    const page: Awaited<ReturnType<typeof listRunsByDate>> = await listRunsByDate(
      db,
      named.dag_id,
      range,
      { after, limit },
    );
    runs.push(...page.filter(({ id }) => id !== named.id));
    if (runs.length > apiLimits.changedRunsMax) {
      const what = `means more than ${apiLimits.changedRunsMax} runs; name runs one by one instead.`;
      throw fieldInvalid(field, what);
    }
    if (page.length < limit) return runs;
    after = page.at(-1)?.logical_at ?? null;
  }
}
