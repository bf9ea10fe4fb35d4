import { deleteRuns, listExcessRuns } from "@millrace/db";
import type { DagSpec } from "@millrace/engine";
import { expect, test } from "vitest";
import { aDag, registerDag } from "../testing/dags.ts";
import { failure, success } from "../testing/fake-api.ts";
import { aWorld, type World } from "../testing/world.ts";

const settings = { historyEveryMs: 0, historyRunsPerLook: 2 };

/** With a schedule, though no run is due: without one, the next run that ends is waited for. */
function kept(changes: Partial<DagSpec>): DagSpec {
  const schedule = { kind: "events", at: [Date.UTC(2100, 0, 1)] } as const;
  return aDag("kept", ["a"], [], { maxActiveRuns: 1, schedule, ...changes });
}

async function runIds(world: World): Promise<number[]> {
  const { rows } = await world.db.pool.query<{ id: number }>("SELECT id FROM run ORDER BY id");
  return rows.map(({ id }) => id);
}

/** Makes final runs without a scheduler: rows as they are left. */
async function oldRuns(world: World, count: number, state = 3): Promise<number[]> {
  const { rows } = await world.db.pool.query<{ id: number }>(
    `INSERT INTO run (id, dag_id, dag_version_id, shard, state, run_type, run_name, run_after, params, note, triggered_by,
                      started_at, ended_at)
     SELECT nextval('run_id_seq'), d.dag_id, v.id, d.shard, $2::smallint, 2, 'old' || n || '_' || $2::smallint, now(), '{}', '', 'test', now(), now()
     FROM generate_series(1, $1::int) AS n, dag AS d JOIN dag_version AS v USING (dag_id, version)
     RETURNING id`,
    [count, state],
  );
  return rows.map(({ id }) => id).sort((a, b) => a - b);
}

test("so many runs are kept that succeeded, and that failed; older ones go with all they had", async () => {
  await using world = await aWorld();
  await registerDag(world.db, kept({ keptSuccessfulRuns: 2, keptFailedRuns: 1 }));
  await world.scheduler({ settings });
  let fails = false;
  const api = await world.api({ body: () => (fails ? failure("no", false) : success(1)) });
  const runs: number[] = [];
  for (const isFailing of [false, true, false, false, true, false]) {
    fails = isFailing;
    runs.push(await api.trigger("kept"));
    await world.untilFinal(runs.at(-1)!);
  }
  await expect.poll(() => runIds(world)).toEqual([runs[3], runs[4], runs[5]]);
  for (const table of ["task_instance", "event"]) {
    const { rows } = await world.db.pool.query<{ run_id: number }>(
      `SELECT DISTINCT run_id FROM ${table} ORDER BY run_id`,
    );
    expect(rows.map((row) => row.run_id)).toEqual([runs[3], runs[4], runs[5]]);
  }
});

test("what there was before is deleted in pages when a limit is set; without one nothing is", async () => {
  await using world = await aWorld();
  await registerDag(world.db, kept({}));
  const all = await oldRuns(world, 7);
  const failed = await oldRuns(world, 2, 4);
  await world.scheduler({ settings });
  const api = await world.api();
  const active = await api.trigger("kept");
  await world.untilFinal(active);
  expect(await runIds(world)).toHaveLength(10);
  await registerDag(world.db, kept({ keptSuccessfulRuns: 3 }));
  world.bus.publish("dags", new Uint8Array());
  await expect.poll(() => runIds(world)).toEqual([...all.slice(5), ...failed, active]);
});

test("an active run stays, however many there are, and keeping none is possible", async () => {
  await using world = await aWorld();
  await registerDag(world.db, kept({ keptSuccessfulRuns: 0, keptFailedRuns: 0 }));
  await oldRuns(world, 3);
  await world.scheduler({ settings });
  const released = Promise.withResolvers<void>();
  const api = await world.api({ body: () => released.promise.then(() => success()) });
  const active = await api.trigger("kept");
  await expect.poll(() => runIds(world)).toEqual([active]);
  await expect.poll(() => api.assigned).toHaveLength(1);
  released.resolve();
  await expect.poll(() => runIds(world)).toEqual([]);
});

test("runs of one type do not push out those of another", async () => {
  await using world = await aWorld();
  await registerDag(world.db, kept({ keptSuccessfulRuns: 1 }));
  const [scheduled] = await oldRuns(world, 1);
  await world.db.pool.query("UPDATE run SET run_type = 1");
  const manual = await oldRuns(world, 3, 4);
  await world.db.pool.query("UPDATE run SET state = 3 WHERE run_type = 2");
  await world.scheduler({ settings });
  await expect.poll(() => runIds(world)).toEqual([scheduled, manual.at(-1)]);
});

test("a run whose callbacks are not delivered yet stays meanwhile", async () => {
  await using world = await aWorld();
  await registerDag(world.db, kept({ keptSuccessfulRuns: 0 }));
  const [first, second] = await oldRuns(world, 2);
  await world.db.pool.query(
    `INSERT INTO callback_delivery (run_id, ix, map_ix, attempt, event, ordinal, happened_at, state, tries)
     VALUES ($1, -1, -1, 0, 1, 0, now(), 1, 0)`,
    [first],
  );
  const excess = { afterId: 0, limit: 9 };
  const limits = { successful: 0, failed: null };
  expect(await listExcessRuns(world.db, "kept", limits, excess)).toEqual([second]);
});

test("whatever crashes in between, the rest goes with the next owner; a former owner deletes nothing", async () => {
  await using world = await aWorld();
  await registerDag(world.db, kept({ keptSuccessfulRuns: 1 }));
  const all = await oldRuns(world, 40);
  for (let n = 0; n < 4; n++) {
    const scheduler = await world.scheduler({ settings });
    const { length } = await runIds(world);
    await expect.poll(async () => length === 1 || (await runIds(world)).length < length).toBe(true);
    scheduler.kill();
    await world.expireLeases();
  }
  await world.scheduler({ settings });
  await expect.poll(() => runIds(world)).toEqual([all.at(-1)]);
  const { rows } = await world.db.pool.query<{ shard: number }>("SELECT shard FROM dag");
  const stale = { shard: rows[0]!.shard, epoch: 0 };
  await expect(deleteRuns(world.db, stale, "kept", all)).rejects.toThrow();
  expect(await runIds(world)).toEqual([all.at(-1)]);
});

test("a command for a run that is being deleted finds none, and one for a kept run is carried out", async () => {
  await using world = await aWorld();
  await registerDag(world.db, kept({ keptSuccessfulRuns: 1 }));
  await world.scheduler({ settings });
  const api = await world.api();
  const first = await api.trigger("kept");
  await world.untilFinal(first);
  const clear = (run: number) =>
    api.command("kept", {
      requestId: crypto.randomUUID(),
      command: {
        case: "clearInstances",
        value: { runKey: BigInt(run), selection: { instances: [{ taskId: "a" }] } },
      },
    });
  const second = await api.trigger("kept");
  await world.untilFinal(second);
  const [late, kept_] = await Promise.all([clear(first), clear(second)]);
  expect(kept_.reply.case).toBe("instancesChanged");
  // It was there still, or it was not: never half.
  if (late.reply.case === "refusal") expect(late.reply.value.reason).toBe("RUN_NOT_FOUND");
  else expect(late.reply.case).toBe("instancesChanged");
  await world.untilFinal(second);
  await expect.poll(() => runIds(world)).toEqual([second]);
});
