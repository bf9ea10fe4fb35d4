/** What a run results in: the value of one of its tasks. */

import type { CallOptions, Loaded } from "./link.ts";
import { readXCom } from "./read-xcom.ts";
import type { RunSnapshot } from "./snapshots.ts";
import { TaskState } from "@millrace/engine";

const returnKey = "return_value";
const notMapped = -1;
/** Values of a mapped task that are fetched at a time. */
const atOnce = 16;

/** Undefined when the DAG has no result, or the task left no value. */
export async function readResult(
  link: Loaded,
  run: RunSnapshot,
  { signal }: CallOptions,
): Promise<unknown> {
  const { answered, connection } = link;
  const version = { dagId: run.dagId, version: run.dagVersion };
  const { spec } = await answered((call) => connection.dags.getDagSpec(version, call), signal);
  const taskId = spec?.resultTaskId ?? "";
  if (taskId === "") return undefined;
  const of = { runId: run.id, taskId };
  const { taskInstance } = await answered(
    (call) => connection.tasks.getTaskInstance(of, call),
    signal,
  );
  if (taskInstance?.mapped === undefined)
    return (await readXCom(link, { ...of, key: returnKey, mapIndex: notMapped }, signal))?.value;
  return mappedValues(link, of, signal);
}

type Of = { readonly runId: string; readonly taskId: string };

/** Those of the instances that have one, by index. */
async function mappedValues(
  link: Loaded,
  of: Of,
  signal: AbortSignal | undefined,
): Promise<unknown[]> {
  const { answered, connection, paged } = link;
  const values: unknown[] = [];
  const pages = paged(async (pageToken) => {
    const request = { ...of, states: [TaskState.success], pageToken };
    const page = await answered(
      (call) => connection.tasks.listTaskInstances(request, call),
      signal,
    );
    return { items: page.taskInstances, next: page.nextPageToken };
  });
  let batch: number[] = [];
  const fetchBatch = async (): Promise<void> => {
    const found = await Promise.all(
      batch.map((mapIndex) => readXCom(link, { ...of, key: returnKey, mapIndex }, signal)),
    );
    values.push(...found.flatMap((one) => (one === null ? [] : [one.value])));
    batch = [];
  };
  for await (const { mapIndex } of pages) {
    batch.push(mapIndex);
    if (batch.length === atOnce) await fetchBatch();
  }
  await fetchBatch();
  return values;
}
