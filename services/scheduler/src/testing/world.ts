/** A database, a bus, and schedulers on them, for one test. */

import { createLocalBus, type Bus } from "@millrace/bus";
import type { Database } from "@millrace/db";
import { testDatabase } from "@millrace/db/testing";
import {
  compileDag,
  runStateName,
  taskStateName,
  type DagSpec,
  type RunState,
  type TaskState,
} from "@millrace/engine";
import { createLogger, type LogLevel } from "@millrace/service";
import { startScheduler, type RunningScheduler, type SchedulerOptions } from "../scheduler.ts";
import { fakeApi, type FakeApi, type FakeApiOptions } from "./fake-api.ts";

export type World = AsyncDisposable & {
  readonly db: Database;
  /** One bus for all nodes: subjects carry the node's id. */
  readonly bus: Bus;
  scheduler(options?: Partial<SchedulerOptions>): Promise<RunningScheduler>;
  api(options?: FakeApiOptions): Promise<FakeApi>;
  /**
   * The time of a killed node's leases is over, by default that of all. A renewal that was on its way when it died comes too
   * late: whoever starts next gets everything at once.
   */
  expireLeases(nodeId?: string): Promise<void>;
  /** This, and what follows, once whoever wrote it knows so as well. */
  runState(runKey: number): Promise<string>;
  /** States by task index, of those that have a row. */
  taskStates(runKey: number): Promise<string[]>;
  /** States by name, such as `a` and `b[2]`, of those that have a row. */
  states(runKey: number, spec: DagSpec): Promise<Record<string, string>>;
  /** Resolves when the run is final; answers its state. */
  untilFinal(runKey: number): Promise<string>;
  /** Accepted ends of attempts, as the events tell: one entry for each change to a final state. */
  finalChanges(runKey: number): Promise<number[]>;
};

const pollMs = 10;

export async function aWorld(options: { readonly logLevel?: LogLevel } = {}): Promise<World> {
  const test = await testDatabase();
  const { db } = test;
  const bus = createLocalBus("world");
  const schedulers: RunningScheduler[] = [];
  const apis: FakeApi[] = [];
  const log = createLogger({ name: "scheduler", level: options.logLevel ?? "silent" });
  const isHeard = hearing(db);

  async function runState(runKey: number): Promise<string> {
    const { rows } = await db.pool.query<{ state: RunState }>(
      "SELECT state FROM run WHERE id = $1",
      [runKey],
    );
    await isHeard();
    const state = rows[0]?.state;
    return state === undefined ? "missing" : runStateName(state);
  }

  return {
    db,
    bus,
    async scheduler(changes = {}) {
      const nodeId = changes.nodeId ?? `n${schedulers.length}`;
      // Publishes under the node's own name, as each process has a bus of its own.
      const own: Bus = { ...bus, nodeId };
      // Tests need not wait between inventories, and a lease outlasts a machine that stands still for a while.
      const settings = { inventoryGapMs: 0, shardTtlMs: 60_000, ...changes.settings };
      const scheduler = await startScheduler({ db, bus: own, log, nodeId, ...changes, settings });
      schedulers.push(scheduler);
      return scheduler;
    },
    async api(changes = {}) {
      const api = await fakeApi(db, bus, changes);
      apis.push(api);
      return api;
    },
    async expireLeases(nodeId) {
      await db.pool.query(
        `UPDATE shard SET epoch = epoch + 1, expires_at = clock_timestamp()
         WHERE owner IS NOT NULL AND owner = coalesce($1, owner)`,
        [nodeId ?? null],
      );
    },
    runState,
    async taskStates(runKey) {
      const { rows } = await db.pool.query<{ state: TaskState }>(
        "SELECT state FROM task_instance WHERE run_id = $1 ORDER BY ix, map_ix",
        [runKey],
      );
      await isHeard();
      return rows.map((row) => taskStateName(row.state));
    },
    async states(runKey, spec) {
      const { taskIds } = compileDag(spec);
      const { rows } = await db.pool.query<{ ix: number; map_ix: number; state: TaskState }>(
        "SELECT ix, map_ix, state FROM task_instance WHERE run_id = $1 ORDER BY ix, map_ix",
        [runKey],
      );
      await isHeard();
      return Object.fromEntries(
        rows.map(({ ix, map_ix: mapIx, state }) => [
          `${taskIds[ix]}${mapIx < 0 ? "" : `[${mapIx}]`}`,
          taskStateName(state),
        ]),
      );
    },
    async untilFinal(runKey) {
      for (;;) {
        const state = await runState(runKey);
        if (state === "success" || state === "failed") return state;
        await new Promise((resolve) => setTimeout(resolve, pollMs));
      }
    },
    async finalChanges(runKey) {
      const { rows } = await db.pool.query<{ changes: number[] }>(
        "SELECT changes FROM event WHERE run_id = $1 ORDER BY seq",
        [runKey],
      );
      const ended: number[] = [];
      for (const { changes } of rows) {
        for (let i = 0; i < changes.length; i += 4) {
          if ([6, 7, 8, 9].includes(changes[i + 2] ?? 0)) ended.push(changes[i] ?? -1);
        }
      }
      return ended.toSorted((a, b) => a - b);
    },
    async [Symbol.asyncDispose]() {
      for (const api of apis) await api[Symbol.asyncDispose]();
      for (const scheduler of schedulers) await scheduler.stop();
      await bus.close();
      await test[Symbol.asyncDispose]();
    },
  };
}

/**
 * A row is seen before the owner that wrote it has its answer, and for it nothing has happened until then. What this returns
 * resolves when the answers that are on their way now have arrived, and were acted on.
 */
function hearing({ lanes }: Database): () => Promise<void> {
  const open = new Set<Promise<unknown>>();
  for (const lane of lanes) {
    const send = lane.send.bind(lane);
    Object.assign(lane, {
      send(...statements: Parameters<typeof send>) {
        const answer = send(...statements);
        const over: Promise<unknown> = answer.catch(() => undefined).then(() => open.delete(over));
        open.add(over);
        return answer;
      },
    });
  }
  return async () => {
    await Promise.all(open);
    await new Promise((resolve) => setImmediate(resolve));
  };
}
