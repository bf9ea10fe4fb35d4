/** People and programs: they ask for runs, and some of them clear, mark and cancel, at random moments. */

import { toBinary } from "@bufbuild/protobuf";
import { OwnerReplySchema, type OwnerReply } from "@millrace/wire/internal";
import { RunState, TaskState } from "@millrace/wire/v1";
import { startClient, type Answer, type Command } from "./nodes/client-node.ts";
import type { Plan } from "./plan.ts";
import { heldBy, presentView } from "./check/past.ts";
import { ensure } from "./check/violation.ts";
import { runKeyFor } from "./workload/partitions.ts";
import { ignoringNote, someParams } from "./workload/params.ts";
import type { World } from "./world.ts";

export type People = {
  /** Runs that were asked for, by the time everything is answered. */
  readonly triggered: number[];
  /** Runs that somebody has changed. */
  readonly meddledWith: Set<number>;
  /** Questions without an answer yet. */
  open(): number;
  /** From now on somebody removes what holds runs that depend on the past. */
  help(): void;
};

const dayMs = 86_400_000;
const meddleEveryMs = 6_000;
const helpEveryMs = 2_000;
/** How often a request that was answered is made again. */
const repeated = 0.3;

export function startPeople(world: World, plan: Plan, dagIds: readonly string[]): People {
  const client = startClient(world, "people");
  const random = world.random.fork("people");
  const pastRandom = world.random.fork("dates");
  const paramsRandom = world.random.fork("params");
  const inputsRandom = world.random.fork("inputs of runs");
  const keysRandom = world.random.fork("keys of runs");
  let dates = 0;
  const triggered: number[] = [];
  const meddledWith = new Set<number>();
  const unblocked = new Set<number>();
  let open = 0;

  function later(ms: number, act: () => Promise<void>): void {
    open += 1;
    client.process.after(ms, () => {
      act().then(
        () => void (open -= 1),
        (error: unknown) => world.failures.push(error),
      );
    });
  }

  /** Asked again under the same id, the answer is the same, and nothing else happens. */
  async function ask(dagId: string, command: Command): Promise<Answer> {
    const requestId = random.uuid();
    const first = await client.ask(dagId, command, requestId);
    if (!random.chance(repeated) || "refused" in first) return first;
    const second = await client.ask(dagId, command, requestId);
    const isSame = !("refused" in second) && bytesOf(first) === bytesOf(second);
    const isStored = command.case !== "cancelRun";
    ensure(
      isSame || !isStored,
      "S2",
      () => `${command.case} ${requestId} was answered in two ways`,
    );
    return first;
  }

  async function trigger(): Promise<void> {
    const dagId = random.pick(dagIds);
    const partitionKey = plan.has.partitions ? runKeyFor(world, keysRandom, dagId) : "";
    const ignoring = hasInputs(dagId) && inputsRandom.chance(0.2);
    const value = {
      ...{ dagId, params: someParams(paramsRandom), partitionKey, ...dateFor(dagId) },
      ...(ignoring ? { ignoreInputs: true, note: ignoringNote } : {}),
    };
    const answer = await ask(dagId, { case: "triggerRun", value });
    if ("refused" in answer && answer.refused === "DAG_INACTIVE") return;
    if ("refused" in answer) throw new Error(`A run was refused: ${answer.refused}`);
    triggered.push(Number(answer.reply.value));
  }

  function hasInputs(dagId: string): boolean {
    const version = [...world.server.tables.versions.values()].find((one) => one.dag_id === dagId)!;
    return world.dagOfVersion(version.id).spec.inputs !== null;
  }

  /** Runs of DAGs that depend on the past mostly have a date, in no order. */
  function dateFor(dagId: string): { logicalDateMs?: bigint } {
    const isAbout = world.newestOf(dagId).tasks.some((task) => task.dependsOnPast);
    if (!isAbout || pastRandom.chance(0.1)) return {};
    dates += 1;
    return { logicalDateMs: BigInt((pastRandom.below(1_000) * 1_000 + dates) * dayMs) };
  }

  /**
   * What failed in one run, and holds another one, is said to have succeeded; the other one goes on then. All of the run is,
   * when that has not been enough: a mark makes what failed around it run again, a teardown its setup and that one the
   * teardown, and it may fail again.
   */
  async function unblock(): Promise<void> {
    const { tables } = world.server;
    const view = presentView(tables, (run) => world.dagOfVersion(run.dag_version_id));
    for (const run of tables.runs.values()) {
      if (run.state >= 3) continue;
      for (const task of world.dagOfVersion(run.dag_version_id).tasks) {
        const held = heldBy(view, run, task.id);
        if (held === null || held.run.state < 3) continue;
        const isFirst = !unblocked.has(held.run.id);
        unblocked.add(held.run.id);
        meddledWith.add(held.run.id);
        const holder = { taskId: held.taskId, mapIndex: held.row?.map_ix ?? -1 };
        const selection = { instances: isFirst ? [holder] : [] };
        const value = { runKey: BigInt(held.run.id), selection, state: TaskState.SUCCESS };
        await ask(run.dag_id, { case: "markInstances", value });
        return;
      }
    }
  }

  async function meddle(): Promise<void> {
    if (triggered.length === 0) return;
    const runKey = random.pick(triggered);
    const run = world.server.tables.runs.get(runKey);
    if (run === undefined) return;
    meddledWith.add(runKey);
    const command = commandOn(runKey, run.dag_version_id);
    world.trace.note("people", `${command.case} run=${runKey}`);
    const answer = await ask(run.dag_id, command);
    // A run that was over meanwhile has nothing to cancel.
    const isOpen =
      run.state < 3 && world.server.tables.runs.get(runKey)?.reopen_count === run.reopen_count;
    if (command.case === "cancelRun" && isOpen && !("refused" in answer))
      world.history.onCancelled(runKey);
  }

  function commandOn(runKey: number, versionId: number): Command {
    const value = { runKey: BigInt(runKey), selection: selectionOf(versionId) };
    const kind = random.below(10);
    if (kind < 5) return { case: "clearInstances", value };
    if (kind < 8) {
      const state = random.pick([TaskState.SUCCESS, TaskState.FAILED, TaskState.SKIPPED]);
      return { case: "markInstances", value: { ...value, state } };
    }
    if (kind < 9) return { case: "cancelRun", value: { runKey: BigInt(runKey) } };
    const state = random.pick([RunState.SUCCESS, RunState.FAILED]);
    return { case: "markRun", value: { runKey: BigInt(runKey), state } };
  }

  function selectionOf(versionId: number) {
    const taskIds = world.dagOfVersion(versionId).taskIds;
    const instances = random.chance(0.2)
      ? []
      : [...new Set([random.pick(taskIds), random.pick(taskIds)])].map((taskId) => ({ taskId }));
    return {
      instances,
      upstream: random.chance(0.2),
      downstream: random.chance(0.6),
      states: random.chance(0.2) ? [TaskState.FAILED, TaskState.SKIPPED] : [],
    };
  }

  for (let at = 0; at < plan.runs; at++)
    later(random.between(0, plan.faultMs * random.float()), trigger);
  if (plan.hasPeople) {
    for (
      let ms = random.between(0, 2 * meddleEveryMs);
      ms < plan.faultMs;
      ms += random.between(0, 2 * meddleEveryMs)
    )
      later(ms, meddle);
  }
  return {
    triggered,
    meddledWith,
    open: () => open,
    help() {
      client.process.after(helpEveryMs, () => {
        later(0, unblock);
        this.help();
      });
    },
  };
}

function bytesOf(reply: OwnerReply): string {
  return Buffer.from(toBinary(OwnerReplySchema, reply)).toString("base64");
}
