/** An owner of all shards that does what a test tells it: the scheduler's side of the bus, and nothing of its rules. */

import { create, fromBinary, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import type { Bus } from "@millrace/bus";
import {
  answerRequestOnce,
  getDags,
  type Database,
  type RequestKey,
  type Transaction,
} from "@millrace/db";
import { isMillraceError, MillraceError, shardCount, TaskState } from "@millrace/engine";
import { runIdOf } from "@millrace/wire";
import {
  DemandLineSchema,
  DemandSchema,
  DispatchSchema,
  InventorySchema,
  InventoryVerdictsSchema,
  NodeBeatSchema,
  OwnerCommandSchema,
  OwnerReplySchema,
  ResultBatchSchema,
  RunChangedSchema,
  SlotGrantsSchema,
  VerdictBatchSchema,
  type ChangeInstances,
  type DemandLine,
  type Dispatch,
  type EndWait,
  type Inventory,
  type OwnerCommand,
  type ResultBatch,
  type RunParent,
  type SlotGrants,
} from "@millrace/wire/internal";
import { RunType } from "@millrace/wire/v1";
import { VerdictKind, type Result, type Verdict, type VerdictSchema } from "@millrace/wire/worker";
import { createInbox, type Inbox } from "./inbox.ts";

type Reply = NonNullable<MessageInitShape<typeof OwnerReplySchema>["reply"]>;

type DispatchInit = Exclude<MessageInitShape<typeof DispatchSchema>, Dispatch>;

export type FakeOwner = {
  readonly nodeId: string;
  readonly commands: Inbox<OwnerCommand>;
  readonly results: Inbox<ResultBatch>;
  readonly grants: Inbox<SlotGrants>;
  readonly inventories: Inbox<Inventory>;
  /** Waits that were ended, in order; and those that were kept alive. */
  readonly ended: EndWait[];
  readonly beaten: Set<string>;
  /** Default: makes runs, ends them at once, and says that what is to be changed was. */
  onCommand: (command: OwnerCommand) => Promise<Reply>;
  /** Default: OK. */
  onResult: (result: Result) => VerdictKind;
  /** Default: none. */
  onInventory: (inventory: Inventory) => MessageInitShape<typeof VerdictSchema>[];
  /** Says that this node owns these shards, now and every second; all of them at first. */
  beat(shards?: readonly number[], options?: { isLeaving?: boolean }): void;
  /** Says, now and every second until it was granted so many, for what it wants slots. */
  demand(lines: MessageInitShape<typeof DemandSchema>["lines"]): void;
  dispatch(message: DispatchInit): void;
  changed(message: MessageInitShape<typeof RunChangedSchema>): void;
  stop(): void;
};

export function startFakeOwner(
  { bus, db }: { bus: Bus; db: Database },
  nodeId = "owner-a",
): FakeOwner {
  let owned: readonly number[] = Array.from({ length: shardCount }, (_, shard) => shard);
  /** What it wants slots for, less those that it was granted. */
  let wanted: DemandLine[] = [];
  const owner: FakeOwner = {
    nodeId,
    commands: createInbox(),
    results: createInbox(),
    grants: createInbox(),
    inventories: createInbox(),
    ended: [],
    beaten: new Set(),
    onCommand: (command) =>
      command.command.case === "endWait"
        ? endWait(db, owner, command, command.command.value)
        : carryOut(db, command),
    onResult: () => VerdictKind.OK,
    onInventory: () => [],
    beat(shards = owned, { isLeaving = false } = {}) {
      owned = shards;
      bus.publish(
        "nodes",
        toBinary(
          NodeBeatSchema,
          create(NodeBeatSchema, { nodeId, shards: [...shards], isLeaving, hasScheduler: true }),
        ),
      );
    },
    demand(lines = []) {
      wanted = lines.map((line) => create(DemandLineSchema, line));
      sayDemand();
    },
    dispatch(message) {
      // Who gives slots back wants none.
      if (message.returned !== undefined) wanted = [];
      bus.publish(
        `api.${bus.nodeId}.assign`,
        toBinary(DispatchSchema, create(DispatchSchema, { ...message, nodeId })),
      );
    },
    changed: (message) =>
      bus.publish(
        `runs.${message.runKey}`,
        toBinary(RunChangedSchema, create(RunChangedSchema, message)),
      ),
    stop() {
      clearInterval(beating);
      for (const subscription of subscriptions) subscription.close();
    },
  };
  const subscriptions = [
    bus.subscribe(`owner.${nodeId}.grant`, (data) => {
      const granted = fromBinary(SlotGrantsSchema, data);
      let slots = granted.grants.reduce((sum, grant) => sum + grant.slots, 0);
      for (const line of wanted) {
        const filled = Math.min(line.count, slots);
        line.count -= filled;
        slots -= filled;
      }
      owner.grants.put(granted);
    }),
    bus.respond(`owner.${nodeId}.command`, async (data) => {
      const command = fromBinary(OwnerCommandSchema, data);
      owner.commands.put(command);
      return toBinary(
        OwnerReplySchema,
        create(OwnerReplySchema, { reply: await owner.onCommand(command) }),
      );
    }),
    bus.respond(`owner.${nodeId}.results`, (data) => {
      const batch = fromBinary(ResultBatchSchema, data);
      owner.results.put(batch);
      const verdicts = batch.results.map(({ result }) => ({
        attemptId: result?.attemptId ?? "",
        kind: result === undefined ? VerdictKind.STALE : owner.onResult(result),
      }));
      return Promise.resolve(
        toBinary(
          VerdictBatchSchema,
          create(VerdictBatchSchema, { verdicts: verdicts as Verdict[] }),
        ),
      );
    }),
    bus.respond(`owner.${nodeId}.inventory`, (data) => {
      const inventory = fromBinary(InventorySchema, data);
      owner.inventories.put(inventory);
      const answer = create(InventoryVerdictsSchema, { verdicts: owner.onInventory(inventory) });
      return Promise.resolve(toBinary(InventoryVerdictsSchema, answer));
    }),
  ];
  function sayDemand(): void {
    bus.publish("demand", toBinary(DemandSchema, create(DemandSchema, { nodeId, lines: wanted })));
  }
  // Nodes forget what was said seconds ago.
  const beating = setInterval(() => {
    owner.beat();
    if (wanted.some(({ count }) => count > 0)) sayDemand();
  }, 1_000);
  owner.beat();
  return owner;
}

let nextRunKey = 64;

/** Made runs and deleted DAGs are remembered under their rpc, in the transaction of their effect, as by a real owner. */
async function once(
  db: Database,
  key: RequestKey,
  effect: (tx: Transaction) => Promise<Reply>,
): Promise<Reply> {
  try {
    const answer = await answerRequestOnce(db, key, async (tx) => {
      const reply = await effect(tx);
      return toBinary(OwnerReplySchema, create(OwnerReplySchema, { reply }));
    });
    return fromBinary(OwnerReplySchema, answer).reply;
  } catch (error) {
    if (isMillraceError(error)) return refusal(error.reason);
    throw error;
  }
}

function linkTo(childRunId: number, dagId: string, parent: RunParent) {
  const { runKey: parentRunId, taskIx: ix, mapIndex: mapIx, attempt, depth, taskId } = parent;
  return {
    ...{ parentRunId, ix, mapIx, dagId, attempt, childRunId, depth, taskId },
    parentDagId: parent.dagId,
  };
}

async function carryOut(
  db: Database,
  { command, principal, requestId, bodyHash }: OwnerCommand,
): Promise<Reply> {
  const asker = { principal, requestId, bodyHash };
  switch (command.case) {
    case "triggerRun": {
      const { dagId, params, note, logicalDateMs, runType, parent, partitionKey } = command.value;
      const isMade = runType === RunType.ASSET_MATERIALIZATION;
      const rpc = isMade ? "AssetService/MaterializeAsset" : "DagRunService/TriggerDagRun";
      const key = { method: `millrace.v1.${rpc}`, ...asker };
      const [head] = await getDags(db, [dagId]);
      if (head === undefined) return refusal("DAG_NOT_FOUND");
      const logicalAt = logicalDateMs === undefined ? null : new Date(Number(logicalDateMs));
      const taken = { dagId, logicalAt: logicalAt ?? new Date(Number.NaN) };
      if (logicalAt !== null && (await db.prisma.run.count({ where: taken })) > 0)
        return refusal("LOGICAL_DATE_TAKEN");
      return once(db, key, async (tx) => {
        const id = nextRunKey++;
        if (parent !== undefined) await tx.runTrigger.create({ data: linkTo(id, dagId, parent) });
        await tx.run.create({
          data: {
            id,
            dagId,
            dagVersionId: head.dag_version_id,
            shard: 1,
            state: 1,
            runType: isMade ? 5 : 2,
            runName: `manual__${id}`,
            logicalAt,
            runAfter: new Date(),
            params: Uint8Array.from(params),
            note,
            partitionKey: partitionKey || null,
            triggeredBy: principal,
          },
        });
        return { case: "runKey", value: BigInt(id) };
      });
    }
    case "cancelRun":
      await db.prisma.run.update({
        where: { id: command.value.runKey },
        data: { state: 4, endedAt: new Date(), revision: { increment: 1 } },
      });
      return { case: "runKey", value: command.value.runKey };
    case "deleteDag": {
      const key = { method: "millrace.v1.DagService/DeleteDag", ...asker };
      const { dagId } = command.value;
      return once(db, key, async (tx) => {
        const { count } = await tx.dag.deleteMany({ where: { dagId } });
        if (count === 0) throw new MillraceError("DAG_NOT_FOUND");
        return { case: "done", value: {} };
      });
    }
    case "clearInstances":
    case "markInstances":
      return changeInstances(db, asker, command.case, command.value);
    case "markRun": {
      const key = { method: "millrace.v1.DagRunService/MarkDagRun", ...asker };
      const { runKey, state, dryRun } = command.value;
      const one = { state: TaskState.running, nextState: TaskState.failed };
      const about = { runId: runIdOf(Number(runKey)), taskId: "load", mapIndex: -1 };
      const value = { affected: [{ ...about, ...one }], affectedCount: 1 };
      const reply: Reply = {
        case: "instancesChanged",
        value: { ...value, counts: [{ ...one, count: 1 }] },
      };
      if (dryRun) return reply;
      return once(db, key, async (tx) => {
        const data = { state, endedAt: new Date(), revision: { increment: 1 } };
        await tx.run.update({ where: { id: runKey }, data });
        return reply;
      });
    }
    case "explainTask":
      return {
        case: "explanation",
        value: {
          state: 2,
          reasons: [{ kind: 6, message: "No live worker serves queue default." }],
        },
      };
    case "planRuns": {
      const at = (ms: number) => ({ seconds: BigInt(ms / 1000), nanos: 0 });
      const [logicalDate, runAfter] = [at(86_400_000), at(172_800_000)];
      const dates = {
        logicalDate,
        runAfter,
        dataIntervalStart: logicalDate,
        dataIntervalEnd: runAfter,
      };
      return { case: "plannedRuns", value: { runs: [dates], problem: "" } };
    }
    case "createBackfill":
    case "pauseBackfill":
    case "resumeBackfill":
    case "cancelBackfill":
    case "explainBackfill":
    case "endWait":
    case undefined:
      break;
  }
  return refusal("INTERNAL");
}

/** Whatever the instance does; an answer, and what a token brings, are remembered under their rpc. */
async function endWait(
  db: Database,
  { ended, beaten }: FakeOwner,
  { principal, requestId, bodyHash }: OwnerCommand,
  wait: EndWait,
): Promise<Reply> {
  const done = { case: "done", value: {} } as const;
  if (wait.news.case === "heartbeat") {
    beaten.add(`${wait.runKey} ${wait.taskIx} ${wait.mapIndex} ${wait.attempt}`);
    return done;
  }
  const rpc = wait.news.case === "answer" ? "AnswerInput" : "CompleteTaskToken";
  const method = `millrace.v1.TaskInstanceService/${rpc}`;
  return once(db, { method, principal, requestId, bodyHash }, () => {
    ended.push(wait);
    return Promise.resolve(done);
  });
}

/** Of its effect only this is seen: the run's revision grows. Every instance that is named is affected. */
async function changeInstances(
  db: Database,
  asker: Omit<RequestKey, "method">,
  kind: "clearInstances" | "markInstances",
  { runKey, selection, dryRun }: ChangeInstances,
): Promise<Reply> {
  const affected = (selection?.instances ?? []).map(({ taskId, mapIndex }) => ({
    runId: runIdOf(Number(runKey)),
    taskId,
    mapIndex: mapIndex ?? -1,
    state: TaskState.failed,
  }));
  const reply: Reply = {
    case: "instancesChanged",
    value: { affected, affectedCount: affected.length },
  };
  if (dryRun) return reply;
  const rpc = kind === "clearInstances" ? "ClearTaskInstances" : "MarkTaskInstances";
  const key = { method: `millrace.v1.TaskInstanceService/${rpc}`, ...asker };
  return once(db, key, async (tx) => {
    await tx.run.update({ where: { id: runKey }, data: { revision: { increment: 1 } } });
    return reply;
  });
}

function refusal(reason: string): Reply {
  return { case: "refusal", value: { reason, message: "", metadata: {} } };
}
