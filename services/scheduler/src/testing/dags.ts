/** DAGs for tests: said in a line, registered as the front door would. */

import { createHash } from "node:crypto";
import { toBinary } from "@bufbuild/protobuf";
import type { Database } from "@millrace/db";
import {
  assetNeeds,
  assetsOfInputs,
  scheduleText,
  shardOf,
  type DagSpec,
  type TaskSpec,
} from "@millrace/engine";
import { aDagSpec, aTask as plainTask } from "@millrace/engine/testing";
import { dagSpecToProto } from "@millrace/wire";
import { DagSpecSchema } from "@millrace/wire/v1";

/** A task of an external worker that announces `work`, without retries; what it does is the test's affair. */
export function aTask(id: string, changes: Partial<TaskSpec> = {}): TaskSpec {
  return plainTask(id, {
    kind: "external",
    handler: "work",
    retryDelayMs: 1_000,
    retryBackoff: 0,
    ...changes,
  });
}

/** The expression that stands for a task's value, or what is at a path of it. */
export function taskRef(id: string, path: readonly (string | number)[] = []): string {
  return JSON.stringify({ $: "task", id, path });
}

/** The arguments of a task that gets an element of its mapping, and values of other tasks. */
export function argsOf(...args: unknown[]): string {
  return JSON.stringify(args);
}

/** The element of source `n` of the mapped task or group. */
export function itemRef(of: string, n = 0): unknown {
  return { $: "item", of, n, path: [] };
}

/** A DAG of tasks; `edges` such as `"a>b"`. */
export function aDag(
  dagId: string,
  tasks: readonly (string | TaskSpec)[],
  edges: readonly string[] = [],
  changes: Partial<DagSpec> = {},
): DagSpec {
  const specs = tasks.map((task) => (typeof task === "string" ? aTask(task) : task));
  const shape = { tasks: Object.fromEntries(specs.map((task) => [task.id, task])), arrows: edges };
  return aDagSpec(shape, { dagId, file: "", ...changes });
}

/** Tasks `t0 … t<n-1>`, each after the one before. */
export function aChain(dagId: string, length: number, changes: Partial<DagSpec> = {}): DagSpec {
  const tasks = Array.from({ length }, (_, i) => `t${i}`);
  const edges = tasks.slice(1).map((task, i) => `t${i}>${task}`);
  return aDag(dagId, tasks, edges, changes);
}

/** `start`, then `width` tasks at once, then `end`. */
export function aFan(dagId: string, width: number, changes: Partial<DagSpec> = {}): DagSpec {
  const wide = Array.from({ length: width }, (_, i) => `w${i}`);
  const edges = wide.flatMap((task) => [`start>${task}`, `${task}>end`]);
  return aDag(dagId, ["start", ...wide, "end"], edges, { maxActiveTasks: width, ...changes });
}

export type Registration = { readonly isPaused?: boolean; readonly scheduledThrough?: Date };

/** Writes a DAG's rows, as version 1 or the next one. */
export async function registerDag(
  db: Database,
  spec: DagSpec,
  options: Registration = {},
): Promise<void> {
  const bytes = Buffer.from(toBinary(DagSpecSchema, dagSpecToProto(spec)));
  const digest = createHash("sha256").update(bytes).digest("hex");
  const { schedule } = spec;
  await db.pool.query(
    `INSERT INTO dag (dag_id, shard, version, folder, file, description, tags, owner, schedule, timezone, is_paused,
                      is_active, scheduled_through, changed_seq)
     VALUES ($1, $2, 1, 'test', '', '', '{}', '', $3, $4, $5, true, coalesce($6, clock_timestamp()), nextval('dag_changed_seq'))
     ON CONFLICT (dag_id) DO UPDATE SET version = dag.version + 1, schedule = EXCLUDED.schedule,
       changed_seq = nextval('dag_changed_seq')`,
    [
      spec.dagId,
      shardOf(spec.dagId),
      schedule === null ? "" : scheduleText(schedule),
      "",
      options.isPaused ?? false,
      options.scheduledThrough?.toISOString() ?? null,
    ],
  );
  await db.pool.query(
    `INSERT INTO dag_version (dag_id, version, digest, spec, file, source, task_count)
     SELECT dag_id, version, $2, $3, '', '', $4 FROM dag WHERE dag_id = $1`,
    [spec.dagId, digest, bytes, spec.tasks.length],
  );
  await registerAssets(db, spec);
}

/** Writes what a DAG names of assets, as the front door would. */
async function registerAssets(
  db: Database,
  { dagId, tasks, schedule, inputs }: DagSpec,
): Promise<void> {
  const isByPartition = schedule?.kind === "partitioned_assets";
  const isOfAssets = schedule?.kind === "assets" || schedule?.kind === "asset_or_time";
  const waited =
    isOfAssets || isByPartition ? assetNeeds(schedule.expression).map(({ of }) => of) : [];
  const named = [
    ...tasks.flatMap((task) => task.outlets.map((of) => ({ of, kind: 1, taskId: task.id }))),
    ...waited.map((of) => ({ of, kind: 3, taskId: "" })),
    ...(inputs === null ? [] : assetsOfInputs(inputs.term)).map((of) => ({
      of,
      kind: 4,
      taskId: "",
    })),
  ];
  await db.pool.query("DELETE FROM asset_use WHERE dag_id = $1", [dagId]);
  for (const { of, kind, taskId } of named) {
    const alias = of.kind === "alias" ? of.name : "";
    const assetId = of.kind === "asset" ? await assetIdOf(db, of.uri) : 0;
    await db.pool.query("INSERT INTO asset_use VALUES ($1, $2, $3, $4, $5, $6)", [
      ...[dagId, kind, taskId, assetId, alias, isByPartition && kind === 3],
    ]);
  }
}

/** The row of an asset, made when there is none. */
export async function assetIdOf(db: Database, uri: string): Promise<number> {
  const { rows } = await db.pool.query<{ id: number }>(
    `INSERT INTO asset (uri, name, asset_group, extra, is_active) VALUES ($1, $1, 'asset', '', true)
     ON CONFLICT (uri) DO UPDATE SET is_active = true RETURNING id`,
    [uri],
  );
  return rows[0]!.id;
}
