/**
 * The database of the simulation against the real one, in what people change of DAGs: the front door registers them and turns
 * their switches, and their owners move their schedules. The same random calls, the same answers, the same tables.
 */

import { create, toJson, type DescMessage, type MessageInitShape } from "@bufbuild/protobuf";
import { createLocalBus } from "@millrace/bus";
import {
  claimShards,
  createRuns,
  listOwnedDags,
  setNextRuns,
  skipTick,
  type Database,
  type RunToCreate,
} from "@millrace/db";
import { testDatabase } from "@millrace/db/testing";
import { shardOf } from "@millrace/engine";
import { dagSpecToProto } from "@millrace/wire";
import {
  PauseDagRequestSchema,
  PauseDagResponseSchema,
  RegisterDagsRequestSchema,
  RegisterDagsResponseSchema,
  UnpauseDagRequestSchema,
} from "@millrace/wire/v1";
import { expect, test } from "vitest";
import type { ApiContext } from "../../../services/api/src/context.ts";
import { createDagVersions } from "../../../services/api/src/dag-versions.ts";
import { pauseDag, unpauseDag } from "../../../services/api/src/rpc/pause-dag.ts";
import { registerDags } from "../../../services/api/src/rpc/register-dags.ts";
import { aDag } from "../../../services/scheduler/src/testing/dags.ts";
import { createRandom, type Random } from "../random.ts";
import { aCall, type RpcServer } from "../rpc.ts";
import { createWorld } from "../world.ts";
import { answerOf, callerInMemory, type Step } from "./both.ts";
import { dumpOfDags, dumpOfDagTables } from "./dump-dags.ts";

const names = ["one", "two", "three"];
const shards = [...new Set(names.map(shardOf))].toSorted((a, b) => a - b);
/** Later than both clocks. */
const begin = Date.parse("2040-04-01T00:00:00Z");
const day = 86_400_000;
const quiet = { info: () => undefined, warn: () => undefined };

function contextOf(db: Database): ApiContext {
  const bus = createLocalBus("conformance");
  return { db, bus, log: quiet, versions: createDagVersions(db) } as unknown as ApiContext;
}

const call = aCall({ log: quiet } as unknown as RpcServer, "any", "p", AbortSignal.any([]));

/** Without what a clock says. */
function shown<D extends DescMessage>(schema: D, answer: MessageInitShape<D>): string {
  const json = JSON.stringify(toJson(schema, create(schema, answer)));
  return json.replaceAll(/"(registeredAt|seenAt)":"[^"]*"/g, '"$1":"set"');
}

class Steps {
  readonly #random: Random;
  readonly #epochs: readonly { readonly shard: number; readonly epoch: number }[];
  #requests = 0;
  #runs = 100;

  constructor(random: Random, epochs: readonly { shard: number; epoch: number }[]) {
    this.#random = random;
    this.#epochs = epochs;
  }

  next(): readonly [string, Step] {
    const kinds = ["register", "turn", "turn", "tick", "note", "run", "look"] as const;
    const kind = this.#random.pick(kinds);
    return [kind, this[kind]()];
  }

  /** Now and then the one before once more. */
  #requestId(): string {
    if (this.#random.chance(0.8)) this.#requests += 1;
    return `q${this.#requests}`;
  }

  #fence(dagId: string) {
    return this.#epochs.find(({ shard }) => shard === shardOf(dagId))!;
  }

  register(): Step {
    const random = this.#random;
    const schedules = [null, { kind: "delta", everyMs: 60_000 }, { kind: "once" }] as const;
    const dags = names
      .filter(() => random.chance(0.5))
      .map((dagId) => {
        const tasks = ["a", "b", "c"].slice(0, 1 + random.below(3));
        const schedule = random.pick(schedules);
        const startPaused = random.chance(0.3);
        const file = random.pick(["x.ts", "y.ts"]);
        const spec = aDag(dagId, tasks, [], { schedule, startPaused, file, bundleDigest: null });
        return dagSpecToProto({
          ...spec,
          tasks: spec.tasks.map((task) => ({ ...task, kind: "external" })),
        });
      });
    const value = { requestId: this.#requestId(), folder: random.pick(["f", "f", "g"]), dags };
    const request = create(RegisterDagsRequestSchema, value);
    return async (db) => {
      const { dags: registered } = await registerDags(contextOf(db))(request, call);
      // What was refused is kept in a table that the simulation does without.
      return shown(RegisterDagsResponseSchema, { dags: registered ?? [] });
    };
  }

  turn(): Step {
    const value = { requestId: this.#requestId(), dagId: this.#random.pick(names) };
    const [pause, unpause] = [
      create(PauseDagRequestSchema, value),
      create(UnpauseDagRequestSchema, value),
    ];
    const isPaused = this.#random.chance(0.5);
    return async (db) => {
      const answer = isPaused
        ? await pauseDag(contextOf(db))(pause, call)
        : await unpauseDag(contextOf(db))(unpause, call);
      return shown(
        PauseDagResponseSchema,
        answer as MessageInitShape<typeof PauseDagResponseSchema>,
      );
    };
  }

  tick(): Step {
    const dagId = this.#random.pick(names);
    const start = begin + this.#random.below(5) * day;
    const interval = { start, end: start + day };
    return (db) => skipTick(db, this.#fence(dagId), { dagId, interval });
  }

  note(): Step {
    const random = this.#random;
    const end = begin + random.below(5) * day;
    const note = {
      ...{ dagId: random.pick(names), nextRunAt: random.pick([null, end]) },
      ...{ lastIntervalEnd: random.pick([null, end]), notedAt: begin + random.below(20) },
    };
    const isOld = random.chance(0.2);
    return async (db) => {
      const dags = await listOwnedDags(db, { shards, dagId: note.dagId, limit: 1 });
      const changedSeq = (dags[0]?.changed_seq ?? 0) - (isOld ? 1 : 0);
      await setNextRuns(db, [{ ...note, changedSeq, problem: "" }]);
    };
  }

  run(): Step {
    const dagId = this.#random.pick(names);
    const id = ++this.#runs;
    const at = begin + this.#random.below(6) * day;
    return async (db) => {
      const dags = await listOwnedDags(db, { shards, dagId, limit: 1 });
      if (dags[0] === undefined) return null;
      const run: RunToCreate = {
        ...{ id, dagId, dagVersionId: dags[0].version_id, shard: shardOf(dagId), runType: 1 },
        ...{ runName: `r${id}`, logicalAt: at, intervalStartAt: at, intervalEndAt: at },
        ...{ runAfter: at, params: Buffer.from("{}"), note: "", triggeredBy: "p", request: null },
        ...{ backfill: null, partitionKey: null },
      };
      const made = await createRuns(db, [this.#fence(dagId)], [run]);
      return [...made.values()].map(({ kind }) => kind);
    };
  }

  /** What owners see of all that has changed. */
  look(): Step {
    return async (db) => {
      const rows = await listOwnedDags(db, { shards, changedAfter: 0, limit: 10 });
      return rows.map(({ dag_id, version, is_paused, is_active, schedule }) => ({
        ...{ dag_id, version, is_paused, is_active, schedule },
      }));
    };
  }
}

const seeds = 2;
const stepsPerSeed = 120;

test(
  "random changes of DAGs come to the same in memory as in Postgres",
  { timeout: 240_000 },
  async () => {
    for (let seed = 1; seed <= seeds; seed++) {
      await using real = await testDatabase();
      const world = createWorld({ seed: `dags ${seed}` });
      const inMemory = callerInMemory(world);
      const claim: Step = (db) => claimShards(db, { nodeId: "n1", ttlMs: 36_000_000, shards });
      const claimed = (await answerOf(real.db, claim)) as { shard: number; epoch: number }[];
      expect(await inMemory(claim)).toEqual(claimed);
      const steps = new Steps(createRandom(`steps ${seed}`), claimed);
      for (let at = 0; at < stepsPerSeed; at++) {
        const [kind, step] = steps.next();
        const what = `seed ${seed}, step ${at} (${kind})`;
        const answer = await answerOf(real.db, step);
        expect(await inMemory(step), what).toEqual(answer);
        expect(dumpOfDagTables(world.server.tables), what).toEqual(await dumpOfDags(real.db));
      }
    }
  },
);
