import { expect, test } from "vitest";
import type { Owner } from "../owner.ts";
import { RunInDoubt } from "./run-made.ts";
import type { RunLife } from "./run-life.ts";
import { createRunMaker, type RunWish } from "./run-maker.ts";
import { assetTriggered, type OwnedDag } from "./run.ts";

const born = (id: number) => [id, true, new Date(0), null, null, false];
const nameTaken = (id: number) => [id, true, null, null, null, false];

/**
 * `answers`: what comes of each attempt to make runs; an attempt beyond them waits for ever. `meanwhile`: what happens while
 * one is under way.
 */
function aMaker(answers: readonly (Error | readonly unknown[][])[], meanwhile = () => {}) {
  let attempts = 0;
  const dags = ["a", "b"].map(
    (dagId) => ({ dagId, shard: 1, versionId: 1, queued: { size: 0 } }) as OwnedDag,
  );
  const byId = new Map(dags.map((dag) => [dag.dagId, dag]));
  const owner = {
    settings: {
      ...{ triggersPerFlushMax: 10, triggersWaitingMax: 10, queuedRunsMax: 10 },
      reloadDelayMs: { first: 1, max: 1 },
    },
    shards: new Map([[1, { shard: 1, epoch: 1, isLoaded: true }]]),
    dags: byId,
    log: { warn: () => undefined },
    clock: { after: (_: number, call: () => void) => setImmediate(call) },
    db: {
      pool: {
        query: ({ name }: { readonly name: string }) =>
          Promise.resolve({ rows: name === "run_id_take" ? [{ first: 1 }] : [] }),
      },
      makingLane: {
        send() {
          const answer = answers[attempts++] ?? new Promise(() => undefined);
          meanwhile();
          if (answer instanceof Error) return Promise.reject(answer);
          return Promise.resolve([[], answer]);
        },
      },
    },
  } as unknown as Owner;
  const queued: number[] = [];
  const versionIds: number[] = [];
  const life: Pick<RunLife, "enqueue" | "startQueued"> = {
    enqueue(_, { facts }) {
      queued.push(facts.id);
      versionIds.push(facts.dagVersionId);
    },
    startQueued: () => undefined,
  };
  const wish = (dag: OwnedDag): RunWish => ({
    ...{ dag, runType: assetTriggered, logicalAt: null, intervalStartAt: null, runAfter: 0 },
    ...{ intervalEndAt: null, params: Buffer.from("{}"), note: "", triggeredBy: "assets" },
    ...{ request: null, backfill: null, partitionKey: null },
  });
  const { make } = createRunMaker({ owner, life: life as RunLife });
  const makeAll = () => Promise.allSettled(dags.map((dag) => make(wish(dag))));
  return { makeAll, queued, versionIds, attempts: () => attempts, dags: byId };
}

const broken = new Error("Connection terminated unexpectedly");

test("a run is known to be made though another, asked for with it and tried under a second name, is in doubt", async () => {
  const { makeAll, queued } = aMaker([[born(1), nameTaken(2)], broken, [born(2)]]);
  const [first, second] = await makeAll();
  expect(first).toEqual({ status: "fulfilled", value: { kind: "born", runKey: 1 } });
  expect(queued).toEqual([1]);
  const { reason } = second as PromiseRejectedResult;
  expect(reason).toBeInstanceOf(RunInDoubt);
  await (reason as RunInDoubt).known;
});

test("runs whose making got no answer are in doubt until the same are asked for again with an answer", async () => {
  const { makeAll, attempts } = aMaker([broken, broken, [born(1), born(2)]]);
  for (const made of await makeAll()) {
    const { reason } = made as PromiseRejectedResult;
    expect(reason).toBeInstanceOf(RunInDoubt);
    await (reason as RunInDoubt).known;
    expect(attempts()).toBe(3);
  }
});

// It came beside the run that the new owner of the shard, the same node, had planned in its place.
test("a run that was asked for before its shard was lost and taken again is not made", async () => {
  const { makeAll, queued, dags } = aMaker([[born(1)]]);
  const making = makeAll();
  dags.set("a", { ...dags.get("a")! });
  const [first, second] = await making;
  expect(first).toMatchObject({ status: "rejected", reason: { reason: "NOT_OWNER" } });
  expect(second).toMatchObject({ status: "fulfilled" });
  expect(queued).toEqual([1]);
});

test("a run that was made while its shard was lost and taken again is left to whoever read its row", async () => {
  const retake = () => void dags.set("a", { ...dags.get("a")! });
  const { makeAll, queued, dags } = aMaker([[born(1), born(2)]], retake);
  expect((await makeAll()).map(({ status }) => status)).toEqual(["fulfilled", "fulfilled"]);
  expect(queued).toEqual([2]);
});

// A tick of the version before became a run of one that has no such tick, with the params of the version before.
test("a run has the version that was the newest when it was asked for, though another one is registered meanwhile", async () => {
  const { makeAll, versionIds, dags } = aMaker([[born(1), born(2)]]);
  const making = makeAll();
  dags.get("a")!.versionId = 2;
  await making;
  expect(versionIds).toEqual([1, 1]);
});
