/** Makes runs: those asked for together are made in one transaction. */

import {
  createRuns,
  isRefusedStatement,
  requestReused,
  takeRunIds,
  type RunCreation,
  type RunToCreate,
  type ShardFence,
} from "@millrace/db";
import { isMillraceError, MillraceError, runName, runTypeName } from "@millrace/engine";
import { createBatcher } from "@millrace/service";
import { settleRuns, type DoubtfulRuns, type SettledRuns } from "./doubtful-runs.ts";
import { holdsDag, type Owner } from "../owner.ts";
import type { RunLife } from "./run-life.ts";
import { RunInDoubt, type RunMade } from "./run-made.ts";
import { assetTriggered, automated, type OwnedDag } from "./run.ts";

/** What of a run is known before it is made. */
type Wished = Pick<
  RunToCreate,
  | "runType"
  | "logicalAt"
  | "intervalStartAt"
  | "intervalEndAt"
  | "runAfter"
  | "partitionKey"
  | "params"
  | "note"
  | "triggeredBy"
  | "parent"
  | "backfill"
  | "assets"
  | "inputs"
  | "usesPartition"
>;
type StoredRequest = NonNullable<RunToCreate["request"]>;

export type RunWish = Wished & {
  readonly dag: OwnedDag;
  /** The request that asks for it; `answerFor` gives the answer to store. Null for a tick. */
  readonly request:
    (Omit<StoredRequest, "answer"> & { answerFor(runKey: number): Uint8Array }) | null;
};

export type RunMaker = {
  /**
   * @throws MillraceError NOT_OWNER, OVERLOADED, REQUEST_ID_REUSED; RunInDoubt when the answer of the database was lost; the
   * driver's error when it refused the run, or nothing was asked of it yet.
   */
  make(wish: RunWish): Promise<RunMade>;
};

type Outcome = RunMade | Error;
/** Pinned to the newest version of its DAG when it was wished: its date, and its params, follow from that one. */
type PinnedWish = RunWish & { readonly versionId: number };
type Open = { readonly wish: PinnedWish; readonly id: number; readonly at: number };

export function createRunMaker(parts: { readonly owner: Owner; readonly life: RunLife }): RunMaker {
  const { owner, life } = parts;
  let ids: number[] = [];
  let waiting = 0;

  const batcher = createBatcher<PinnedWish, Outcome>({
    batchMax: owner.settings.triggersPerFlushMax,
    run: makeAll,
  });

  async function makeAll(wishes: readonly PinnedWish[]): Promise<Outcome[]> {
    if (ids.length < wishes.length)
      ids.push(...(await takeRunIds(owner.db, owner.settings.triggersPerFlushMax)));
    const outcomes = new Array<Outcome>(wishes.length);
    const firsts = new Map<string, number>();
    const open: Open[] = [];
    for (const [at, wish] of wishes.entries()) {
      const key = requestKeyOf(wish);
      const first = key === null ? undefined : firsts.get(key);
      // Lost meanwhile and taken again, its shard has a plan of its own: what was wished before would come beside it.
      if (!holdsDag(owner, wish.dag)) outcomes[at] = new MillraceError("NOT_OWNER");
      else if (first === undefined) open.push({ wish, id: ids.shift() ?? 0, at });
      if (key !== null && first === undefined) firsts.set(key, at);
    }
    await settle(open, outcomes);
    for (const [at, wish] of wishes.entries()) {
      const first = firsts.get(requestKeyOf(wish) ?? "");
      if (outcomes[at] === undefined && first !== undefined)
        outcomes[at] = repeated(wish, wishes[first], outcomes[first]);
    }
    for (const dag of new Set(wishes.map((wish) => wish.dag))) life.startQueued(dag);
    return outcomes;
  }

  /** Makes what is open; a name that turns out to be taken is changed, once. */
  async function settle(open: readonly Open[], outcomes: Outcome[], from = 0): Promise<void> {
    let left = open;
    for (let round = from; left.length > 0; round++) {
      const runs = left.map((each) => toCreate(each, round > 0));
      const fences = fencesOf(left);
      let creations: ReadonlyMap<number, RunCreation>;
      try {
        creations = await createRuns(owner.db, fences, runs);
      } catch (error) {
        const isRefused = isRefusedStatement(error);
        if (isRefused && left.length > 1) {
          // What is wrong with one of them keeps nobody else's run from being made.
          for (const each of left) await settle([each], outcomes, round);
          return;
        }
        const isSure = isRefused || isMillraceError(error);
        const failureOf = isSure ? () => error : inDoubt(left, { fences, runs }, error);
        // Those of the round before are made all the same.
        for (const each of left) outcomes[each.at] = failureOf(each);
        return;
      }
      const again: Open[] = [];
      for (const [i, each] of left.entries()) {
        const creation = creations.get(each.id);
        if (creation === undefined)
          throw new Error(`run_create_batch did not answer for run ${each.id}`);
        if (creation.kind === "name_taken" && round === 0) again.push(each);
        else outcomes[each.at] = outcomeOf(each, creation, runs[i]);
      }
      left = again;
    }
  }

  /** They are asked for again until there is an answer. */
  function inDoubt(
    open: readonly Open[],
    sent: Omit<DoubtfulRuns, "dags">,
    error: unknown,
  ): (each: Open) => RunInDoubt {
    const dags = new Set(open.map(({ wish }) => wish.dag));
    const settling = settleRuns({ owner, life }, { ...sent, dags });
    return (each) => new RunInDoubt(knownOf(each, settling), error);
  }

  async function knownOf(each: Open, settling: Promise<SettledRuns>): Promise<RunMade> {
    const { born, creations } = await settling;
    if (born.has(each.id)) return { kind: "born", runKey: each.id };
    const creation = creations.get(each.id);
    if (creation === undefined) throw new MillraceError("NOT_OWNER");
    const outcome = outcomeOf(each, creation, undefined);
    if (outcome instanceof MillraceError) throw outcome;
    return outcome;
  }

  function outcomeOf(
    { wish, id }: Open,
    creation: RunCreation,
    run: RunToCreate | undefined,
  ): RunMade | MillraceError {
    switch (creation.kind) {
      case "born":
        if (run !== undefined) enqueue(wish.dag, run, creation.queuedAt);
        return { kind: "born", runKey: id };
      case "known": {
        const isSame =
          Buffer.compare(creation.bodyHash, wish.request?.bodyHash ?? new Uint8Array()) === 0;
        return isSame ? { kind: "known", answer: creation.answer } : reused(wish);
      }
      case "date_taken":
        return { kind: "date_taken" };
      case "name_taken":
        return new MillraceError(
          "UNAVAILABLE",
          `No name could be found for a run of ${wish.dag.dagId}; try again.`,
        );
    }
  }

  function enqueue(dag: OwnedDag, run: RunToCreate, queuedAt: number): void {
    // Lost while it was made: whoever took the shard since, this node maybe, has read it from its row: it committed before.
    if (!holdsDag(owner, dag)) return;
    life.enqueue(dag, {
      facts: { ...run, queuedAt, inputs: run.inputs ?? null },
      params: run.params,
      seq: 0,
    });
  }

  function toCreate({ wish, id }: Open, isNameTaken: boolean): RunToCreate {
    const { dag, request, versionId, ...facts } = wish;
    const { runType, runAfter, partitionKey } = wish;
    const isKeyed = runType === automated && partitionKey !== null;
    const key = isKeyed ? partitionKey : null;
    const plain = runName(runTypeName(runType), wish.logicalAt, runAfter, key);
    const isMadeOften = runType === assetTriggered || isKeyed;
    const isSuffixed = isNameTaken || plain === dag.lastRunName || isMadeOften;
    const suffix = id.toString(36).padStart(suffixLength, "0");
    const name = isSuffixed ? `${plain}${isKeyed ? "__" : "_"}${suffix}` : plain;
    dag.lastRunName = plain;
    return {
      ...facts,
      id,
      dagId: dag.dagId,
      dagVersionId: versionId,
      shard: dag.shard,
      runName: name,
      request: request === null ? null : { ...request, answer: request.answerFor(id) },
    };
  }

  function fencesOf(open: readonly Open[]): ShardFence[] {
    const fences = new Map<number, ShardFence>();
    for (const { wish } of open) {
      const { shard } = wish.dag;
      fences.set(shard, { shard, epoch: owner.shards.get(shard)?.epoch ?? -1 });
    }
    return [...fences.values()];
  }

  return {
    async make(wish) {
      const { settings } = owner;
      if (
        waiting >= settings.triggersWaitingMax ||
        wish.dag.queued.size >= settings.queuedRunsMax
      ) {
        throw new MillraceError(
          "OVERLOADED",
          `Too many runs of ${wish.dag.dagId} wait; try again later.`,
        );
      }
      waiting += 1;
      try {
        const outcome = await batcher.add({ ...wish, versionId: wish.dag.versionId });
        if (outcome instanceof Error) throw outcome;
        return outcome;
      } finally {
        waiting -= 1;
      }
    },
  };
}

/** Letters and digits behind a name that would not be unique. */
const suffixLength = 8;

function requestKeyOf({ request, triggeredBy }: RunWish): string | null {
  return request === null ? null : JSON.stringify([request.method, triggeredBy, request.requestId]);
}

/** The same request twice in a batch: the second gets the first one's answer. */
function repeated(
  wish: RunWish,
  first: RunWish | undefined,
  outcome: Outcome | undefined,
): Outcome {
  if (first === undefined || outcome === undefined) return new MillraceError("UNAVAILABLE");
  const a = first.request?.bodyHash ?? new Uint8Array();
  return Buffer.compare(a, wish.request?.bodyHash ?? new Uint8Array()) === 0
    ? outcome
    : reused(wish);
}

function reused({ request }: RunWish): MillraceError {
  return requestReused({ method: request?.method ?? "", requestId: request?.requestId ?? "" });
}
