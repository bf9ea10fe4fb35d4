import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { createLocalBus, type Bus } from "@millrace/bus";
import { testDatabase } from "@millrace/db/testing";
import { createLogger } from "@millrace/service";
import { NodeBeatSchema, ResultBatchSchema, VerdictBatchSchema } from "@millrace/wire/internal";
import { ResultSchema, VerdictKind, type Verdict } from "@millrace/wire/worker";
import { expect, test } from "vitest";

import { createOwners } from "../owners.ts";
import { createResultQueues } from "./result-queues.ts";
import { sessionOf } from "./session.ts";

const session = sessionOf({
  ...{ key: 1, session_id: "s", token_hash: Buffer.alloc(32), worker_name: "w", sdk: "" },
  ...{ queues: ["default"], handlers: [], runs_bundles: true, slots: 1, ended_at: null },
});

const beat = (bus: Bus, nodeId: string, shards: number[]) =>
  bus.publish(
    "nodes",
    toBinary(NodeBeatSchema, create(NodeBeatSchema, { nodeId, shards, hasScheduler: true })),
  );

test("a result in flight to a dead owner goes to the next one as soon as that one says so", async () => {
  await using database = await testDatabase();
  const bus = createLocalBus("api");
  const owners = createOwners({ db: database.db, bus });
  const lost: string[] = [];
  const queues = createResultQueues({
    ...{ bus, owners, log: createLogger({ name: "api", level: "silent" }) },
    wake: () => {
      for (const [nodeId] of queues.ready()) queues.send(nodeId, []);
    },
    onGrantsLost: (nodeId) => lost.push(nodeId),
  });
  /** Who owns a shard, said again each time: nodes that fall silent are forgotten. */
  const beaten = (nodeId: string, shards: number[], shard: number): string | null => {
    beat(bus, nodeId, shards);
    return owners.ownerOf(shard);
  };
  const asked = Promise.withResolvers<void>();
  // It has died: it was asked, and never answers.
  bus.respond("owner.dead.results", () => {
    asked.resolve();
    return new Promise(() => undefined);
  });
  bus.respond("owner.heir.results", (data) => {
    const { results } = fromBinary(ResultBatchSchema, data);
    const verdicts = results.map(({ result }) => ({
      attemptId: result?.attemptId ?? "",
      kind: VerdictKind.OK,
    }));
    return Promise.resolve(toBinary(VerdictBatchSchema, create(VerdictBatchSchema, { verdicts })));
  });
  await expect.poll(() => beaten("dead", [3, 4], 3)).toBe("dead");
  const { promise, resolve } = Promise.withResolvers<Verdict>();
  const result = create(ResultSchema, { attemptId: "3.1.0.-1.1" });
  queues.add({ session, shard: 3, result, settle: resolve });
  queues.send("dead", []);
  await asked.promise;

  // Of another shard: the answer may yet come.
  await expect.poll(() => beaten("heir", [4], 4)).toBe("heir");
  expect(lost).toEqual([]);
  beat(bus, "heir", [3, 4]);

  expect((await promise).kind).toBe(VerdictKind.OK);
  expect(lost).toEqual(["dead"]);
  queues.stop();
  owners.stop();
  await bus.close();
});
