/**
 * The database of the simulation against the real one, in what holds runs and tasks back: pools, rates, assets, ticks, backfills,
 * deadlines, other DAGs. The same random calls, the same answers, the same tables.
 */

import {
  adoptRuns,
  advanceBackfill,
  claimShards,
  countPendingEvents,
  createBackfill,
  createRuns,
  flush,
  forgetPendingEvents,
  giveUpTriggered,
  keepDeadlines,
  listDeadlinesOfFailedRuns,
  listDeadlinesOfRuns,
  listExternalRuns,
  listExternalTasks,
  listOwnedBackfills,
  listPendingDags,
  listPoolGrants,
  listPools,
  markDeadline,
  newFlushBatch,
  putDeadlines,
  readDatesTaken,
  readTriggerState,
  setBackfillState,
  settlePools,
  setNextRuns,
  skipTick,
  takeStarts,
  type PoolUse,
  type RunToCreate,
} from "@millrace/db";
import { testDatabase } from "@millrace/db/testing";
import { shardOf, TaskState, RunState, type AssetDefinition, type DagSpec } from "@millrace/engine";
import { expect, test } from "vitest";
import {
  aDag,
  aTask,
  registerDag as registerReally,
} from "../../../services/scheduler/src/testing/dags.ts";
import { createRandom, type Random } from "../random.ts";
import { registerDag } from "../workload/register.ts";
import { createWorld } from "../world.ts";
import { answerOf, byText, callerInMemory, type Step } from "./both.ts";
import { dumpOfLimits, dumpOfLimitTables } from "./dump-limits.ts";

const asset = (uri: string): AssetDefinition => ({
  ...{ kind: "asset", uri, name: uri, group: "asset", extra: "" },
});
const maker = aDag("maker", [aTask("a", { outlets: [asset("x"), asset("y")] }), "b"]);
const user: DagSpec = aDag("user", ["t"], [], {
  schedule: { kind: "assets", expression: { kind: "events", of: asset("x"), count: 2 } },
});
const specs = [maker, user];
const shards = specs.map(({ dagId }) => shardOf(dagId));
const begin = Date.parse("2026-04-01T00:00:00Z");
const day = 86_400_000;

class Steps {
  readonly #random: Random;
  #runs = 100;
  #seq = new Map<number, number>();
  readonly #epochs: readonly { readonly shard: number; readonly epoch: number }[];

  constructor(random: Random, epochs: readonly { shard: number; epoch: number }[]) {
    this.#random = random;
    this.#epochs = epochs;
  }

  next(): readonly [string, Step] {
    const kinds = ["pools", "rate", "run", "end", "tick", "backfill", "deadline", "look"] as const;
    const kind = this.#random.pick(kinds);
    return [kind, this[kind]()];
  }

  /** Now and then somebody else's. */
  #fence(at = this.#random.below(specs.length)) {
    const { shard, epoch } = this.#epochs.find((each) => each.shard === shards[at])!;
    return { shard, epoch: epoch + (this.#random.chance(0.05) ? 1 : 0) };
  }

  #run(): number {
    return 101 + this.#random.below(Math.max(1, this.#runs - 100));
  }

  pools(): Step {
    const random = this.#random;
    const fences = [this.#fence(0), this.#fence(1)];
    const uses = fences.flatMap(({ shard }) =>
      ["narrow", "wide", "none"].map((pool): PoolUse => {
        const [used, wanted] = [random.below(3), random.below(4)];
        const least = wanted > 0 ? 1 + random.below(wanted) : 0;
        const told = { running: used, deferred: 0, waiting: wanted };
        return { pool, shard, used, wanted, least, isFresh: random.chance(0.3), ...told };
      }),
    );
    return async (db) => [
      await settlePools(db, fences, uses, 0),
      await listPools(db),
      byText(await listPoolGrants(db, shards)),
    ];
  }

  rate(): Step {
    const wanted = 1 + this.#random.below(4);
    // So long that the two clocks are in one part of it.
    const limit = { key: this.#random.pick(["a", "b"]), limit: 5, perMs: 1_000 * day };
    return async (db) => {
      const { taken, started, until } = await takeStarts(db, limit, wanted);
      return { taken, started, isFull: until !== null };
    };
  }

  run(): Step {
    const random = this.#random;
    const fence = this.#fence(random.pick([0, 1]));
    const at = shards.indexOf(fence.shard);
    const id = ++this.#runs;
    const kind = random.pick(["date", "parent", "assets"] as const);
    const plain: RunToCreate = {
      ...{ id, dagId: specs[at]!.dagId, dagVersionId: at + 1, shard: fence.shard, runType: 2 },
      ...{ runName: `r${id}`, logicalAt: null, intervalStartAt: null, intervalEndAt: null },
      ...{ runAfter: begin, params: Buffer.from("{}"), note: "", triggeredBy: "p", request: null },
      ...{ backfill: null, partitionKey: null },
    };
    const place = { runKey: this.#run(), ix: 0, mapIx: -1, attempt: 1 + random.below(3) };
    const run: RunToCreate = {
      date: { ...plain, logicalAt: begin + random.below(6) * day },
      parent: { ...plain, parent: { ...place, depth: 1, dagId: "maker", taskId: "a" } },
      assets: { ...plain, runType: 4 as const, assets: [{ uri: "x", alias: "" }] },
    }[kind];
    return async (db) =>
      [...(await createRuns(db, [fence], [run])).values()].map((made) => made.kind);
  }

  /** A task with outlets succeeds, is cleared, or its run ends. */
  end(): Step {
    const random = this.#random;
    const runId = this.#run();
    const seq = (this.#seq.get(runId) ?? 0) + 1;
    const what = random.below(3);
    const batch = newFlushBatch();
    const state = random.pick([RunState.running, RunState.success, RunState.failed]);
    const failure = null;
    batch.runs.push({
      ...{ id: runId, revision: seq, state, failure, isCancelRequested: false },
      ...{ counts: Array.from({ length: 14 }, () => 0), isReopened: random.chance(0.3) },
    });
    batch.events.push({ runId, seq, runState: state, changes: [] });
    const ref = { runId, ix: 0, mapIx: -1 };
    if (what === 0)
      batch.started.push({
        ...{ ...ref, attempt: 1, uncounted: 0, losses: 0, sessionKey: 1, readyAt: null },
        waited: null,
      });
    else {
      const isSuccess = what === 1;
      batch.finished.push({
        ...{ ...ref, attempt: 1, losses: 0, waitUntil: null, isMarked: false, out: null },
        ...{ state: isSuccess ? TaskState.success : TaskState.none, uncounted: isSuccess ? 0 : 1 },
        ...{ failure: null, lengths: [], choice: null, mapIndexLabel: null, deferral: null },
        waited: null,
      });
      const of = {
        ...{ finished: 0, dagId: "maker", taskId: "a", group: "asset", extra: null },
        partitionKey: null,
      };
      const aliases = random.chance(0.3) ? ["n"] : [];
      if (isSuccess) batch.assetEvents.push({ ...of, uri: random.pick(["x", "y", "z"]), aliases });
    }
    return async (db) => {
      // Its shard is that of its DAG; a run that was not made has none.
      const { rows } = (await listExternalRuns(db, [{ at: 0, runKey: runId }])).length
        ? { rows: [1] }
        : { rows: [] };
      if (rows.length === 0) return null;
      const answer = await flush(db.lanes[0]!, {
        ...batch,
        shards: this.#epochs.map(({ shard, epoch }) => ({ shard, epoch })),
      });
      if (answer.kind === "written" && answer.missed === null) this.#seq.set(runId, seq);
      return answer.kind === "written"
        ? { consumers: answer.consumers ?? [], isMissed: answer.missed !== null }
        : answer;
    };
  }

  /** A tick without a run, or a note that follows from one. */
  tick(): Step {
    const random = this.#random;
    const start = begin + random.below(5) * day;
    const end = start + day;
    const [dagId, nextRunAt] = ["maker", random.pick([null, end])];
    const lastIntervalEnd = random.pick([null, end]);
    const problem = random.pick(["", "it throws"]);
    const note = { dagId, nextRunAt, problem, lastIntervalEnd, notedAt: begin + random.below(20) };
    const changedSeq = random.pick([1, 1, 2]);
    if (random.chance(0.5)) return (db) => setNextRuns(db, [{ ...note, changedSeq }]);
    const fence = this.#fence(0);
    return (db) => skipTick(db, fence, { dagId, interval: { start, end } });
  }

  backfill(): Step {
    const random = this.#random;
    const fence = this.#fence(0);
    const id = 1 + random.below(3);
    const what = random.below(5);
    const dates = [0, 1, 2].map((n) => ({ ordinal: n + 1, logicalAt: begin + n * day }));
    const runs = [1, 2].map((ordinal) => ({ ordinal, runKey: this.#run() }));
    const [from, to] = [[1, 2, 3] as const, random.pick([2, 1, 5] as const)];
    if (what === 0) {
      const plan = {
        ...{ dagId: "maker", shard: fence.shard, dagVersionId: 1, from: begin, to: begin + day },
        ...{ asOf: begin, anchor: begin, isReverse: false, reprocess: 2 as const },
        ...{ maxActiveRuns: 2, params: Buffer.from("{}"), hasParams: false, note: "" },
        dateCount: 9,
      };
      const requestId = random.pick(["q1", "q2", "q3", "q4"]);
      const key = { method: "m", principal: "p", requestId, bodyHash: Buffer.from("h") };
      const request = () => ({ ...key, answer: Buffer.from("a") });
      return async (db) => {
        await createBackfill(db, fence, plan, { createdBy: "p", request });
      };
    }
    if (what === 1) return (db) => setBackfillState(db, fence, { id, from, to, request: null });
    if (what === 2)
      return async (db) =>
        [
          ...(await adoptRuns(db, fence, { id, params: Buffer.from("{}"), hasParams: true }, runs)),
        ].toSorted((a, b) => a - b);
    if (what === 3)
      return async (db) => byText(await readDatesTaken(db, { id, dagId: "maker" }, dates));
    const decided = 3 + random.below(3);
    const leftAlone = [{ ...dates[2]!, ordinal: decided, outcome: 3 as const, runKey: 101 }];
    return (db) => advanceBackfill(db, fence, id, { leftAlone, decided, decidedDate: begin + day });
  }

  deadline(): Step {
    const random = this.#random;
    const { epoch, shard: _ } = this.#fence(0);
    const runId = this.#run();
    const one = { runId, epoch, ix: random.pick([-1, 0]), ordinal: 0 };
    const dueAt = begin + random.below(3) * 1_000;
    const what = random.below(4);
    if (what === 0) return (db) => putDeadlines(db, [{ ...one, dueAt, afterQueuedMs: null }]);
    if (what === 1) return (db) => keepDeadlines(db, [{ runId, epoch, ix: one.ix }]);
    if (what === 2)
      return async (db) => [
        byText(await listDeadlinesOfRuns(db, [runId])),
        await listDeadlinesOfFailedRuns(db, { shards, afterRunId: 0, limit: 3 }),
      ];
    const state = random.pick([2, 3] as const);
    const estimate = state === 2 ? { endAt: begin, criticalTaskIds: ["a"] } : null;
    return (db) =>
      markDeadline(db, { ...one, dueAt, state, estimate, happenedAt: begin, callbacks: [0, 1] });
  }

  look(): Step {
    const random = this.#random;
    const fence = this.#fence(1);
    const runKey = this.#run();
    const doesForget = random.chance(0.1);
    const versionId = random.pick([1, 2]);
    const task = { runKey: this.#run(), ix: 0, mapIx: -1 };
    const givesUp = random.chance(0.2);
    return async (db) => {
      if (doesForget)
        await forgetPendingEvents(db, fence, {
          ...{ dagId: "user", refs: [{ uri: "y", alias: "" }], versionId, isByPartition: false },
        });
      if (givesUp) await giveUpTriggered(db, task, "user", 2);
      const asked = ["x", "y"].map((uri) => ({ dagId: "user", uri, alias: "", needed: 3 }));
      return [
        await countPendingEvents(db, [...asked, { dagId: "user", uri: "", alias: "n", needed: 9 }]),
        await listPendingDags(db, shards),
        byText(
          await listExternalRuns(db, [
            { at: 0, runKey },
            { at: 1, dagId: "maker", logicalAt: begin },
          ]),
        ),
        byText(await listExternalTasks(db, [{ runKey, ix: 0 }])),
        await readTriggerState(db, task, "user"),
        await listOwnedBackfills(db, shards),
      ];
    };
  }
}

const seeds = 2;
const stepsPerSeed = 100;

test(
  "random calls about limits come to the same in memory as in Postgres",
  { timeout: 240_000 },
  async () => {
    for (let seed = 1; seed <= seeds; seed++) {
      await using real = await testDatabase();
      const world = createWorld({ seed: `limits ${seed}` });
      for (const spec of specs) {
        await registerReally(real.db, spec, { scheduledThrough: new Date(begin) });
        registerDag(world.server.tables, spec, begin);
      }
      await real.db.pool.query(
        `INSERT INTO pool (name, slots, changed_seq)
         VALUES ('narrow', 2, nextval('pool_changed_seq')), ('wide', 5, nextval('pool_changed_seq'))`,
      );
      world.server.tables.setPool("narrow", 2, false);
      world.server.tables.setPool("wide", 5, false);
      const inMemory = callerInMemory(world);
      const claim: Step = (db) =>
        claimShards(db, { nodeId: "n1", ttlMs: 36_000_000, shards: [...new Set(shards)] });
      const claimed = (await answerOf(real.db, claim)) as { shard: number; epoch: number }[];
      expect(await inMemory(claim)).toEqual(claimed);
      const steps = new Steps(createRandom(`steps ${seed}`), claimed);
      for (let at = 0; at < stepsPerSeed; at++) {
        const [kind, step] = steps.next();
        const what = `seed ${seed}, step ${at} (${kind})`;
        const answer = await answerOf(real.db, step);
        expect(await inMemory(step), what).toEqual(answer);
        expect(dumpOfLimitTables(world.server.tables), what).toEqual(await dumpOfLimits(real.db));
      }
    }
  },
);
