/** Deadlines of runs and tasks in words. */
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { DeadlineState, type Deadline } from "@millrace/wire/v1";
import { colors } from "./colors.ts";
import type { Connection } from "./connection.ts";
import { showMilliseconds, showTime } from "./format.ts";

/** The most the api gives at a time. */
const pageMax = 1_000;

export async function listAllDeadlines(client: Connection, runId: string): Promise<Deadline[]> {
  const deadlines: Deadline[] = [];
  let pageToken = "";
  do {
    const page = await client.runs.listDeadlines({ runId, pageSize: pageMax, pageToken });
    deadlines.push(...page.deadlines);
    pageToken = page.nextPageToken;
  } while (pageToken);
  return deadlines;
}

/** Such as "missed: logical date + 2h, due …" and "at risk: …, expected … because of a, b (an estimate)". */
export function deadlineLine(deadline: Deadline, now: number): string {
  const { name, state, dueAt, estimatedEndAt, criticalTaskIds } = deadline;
  const due = `${name}, due ${showTime(dueAt)}`;
  if (state === DeadlineState.MISSED) return `${colors.red("missed")}: ${due}`;
  const left = dueAt === undefined ? 0 : timestampMs(dueAt) - now;
  const ahead = left > 0 ? ` (in ${showMilliseconds(left)})` : "";
  if (state !== DeadlineState.AT_RISK) return `${due}${ahead}`;
  const because = criticalTaskIds.length === 0 ? "" : ` because of ${criticalTaskIds.join(", ")}`;
  const expected = `expected ${showTime(estimatedEndAt)}${because} (an estimate)`;
  return `${colors.yellow("at risk")}: ${due}${ahead}, ${expected}`;
}
