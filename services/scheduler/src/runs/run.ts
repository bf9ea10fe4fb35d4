/** DAGs and their active runs as their owner holds them: the engine's state, the facts of rows, and who runs what. */

import type { ActiveRunRow, BackfillState, OwnedBackfillRow, RunBirth } from "@millrace/db";
import type {
  CompiledDag,
  DataInterval,
  EpochMs,
  Failure,
  InstanceRef,
  PlannedRun,
  Run,
  RunInputs,
  RunState,
} from "@millrace/engine";
import { createRun, RunType } from "@millrace/engine";
import type { DeferralRow } from "@millrace/wire/internal";
import type { RunFacts as RunFactsMessage } from "@millrace/wire/worker";
import { createInstanceFacts, type InstanceFacts } from "./instance-facts.ts";
import type { DagInputs } from "../inputs/dag-inputs.ts";
import { keyOfRun } from "../limits/key-of-run.ts";
import type { DagLoad } from "../limits/load.ts";
import type { Gate } from "../dispatch/ready-queue.ts";
import type { RunLine } from "./run-line.ts";
import { createRunLists, type RunLists } from "./run-lists.ts";

/** `runType` of runs that a timetable makes. */
export const automated = RunType.scheduled;
/** `runType` of runs that events of assets make. */
export const assetTriggered = RunType.asset_triggered;
/** `runType` of runs that somebody asks for an asset with. */
export const materialization = RunType.asset_materialization;

/** A compiled DAG version, shared by its runs. */
export type Version = {
  readonly id: number;
  /** 1, 2, 3 … within the DAG. */
  readonly number: number;
  readonly compiled: CompiledDag;
  readonly bundleDigest: string;
  /** By task index, made when first needed: what every assignment of a task has in common. */
  readonly shared: (SharedFacts | undefined)[];
};

export type SharedFacts = {
  readonly args: Uint8Array<ArrayBuffer>;
  readonly measuredPaths: Uint8Array<ArrayBuffer>[];
  readonly cases: string[];
};

/** The facts of a run that never change. */
export type RunFacts = RunBirth &
  Pick<ActiveRunRow, "id" | "dagId" | "dagVersionId" | "shard" | "queuedAt" | "backfill"> & {
    /** What it was given of its DAG's inputs; null until that is decided, and where there are none. Changes once, while it waits. */
    readonly inputs: Uint8Array | null;
  };

/** A run that waits to be started. */
export type QueuedRun = {
  readonly facts: RunFacts;
  /** Null when they are too many bytes to keep; read again at the start. */
  readonly params: Uint8Array | null;
  /** Above 0, it was started before, and is read from its rows when it starts again. */
  readonly seq: number;
};

/** An attempt that a session runs. */
export type Bound = InstanceRef & {
  readonly run: ActiveRun;
  readonly attempt: number;
  readonly sessionKey: number;
  /** Whether this owner has told the session of it. Of what it took over it cannot know: the owner before may have died in between. */
  isTold: boolean;
  /** Inventories in a row, since then, that did not name it; those that came together count as one. */
  misses: number;
  /** When the last of them came, on the monotonic clock. */
  missedAtMs: number;
};

/** A DAG of an owned shard. */
export type OwnedDag = {
  readonly dagId: string;
  readonly shard: number;
  /** `dag_version.id` of the newest version, which new runs are pinned to. */
  versionId: number;
  /** That version; null until something needs it. */
  newest: Version | null;
  isPaused: boolean;
  isActive: boolean;
  hasSchedule: boolean;
  /** Ticks up to here are over. Milliseconds since 1970. */
  scheduledThrough: number;
  /** What the newest automated run was about; null when there was none. */
  lastInterval: DataInterval | null;
  /** The next automated run, which a timer is set for. */
  planned: PlannedRun | null;
  /** What the row says of when that is due. */
  nextRunAt: number | null;
  /** What is wrong with its timetable's function; empty for nothing. As the row has it. */
  scheduleProblem: string;
  changedSeq: number;
  /** Its backfill that is not over. */
  backfill: OwnedBackfill | null;
  /** What limits over all runs count, and the gates of tasks that have such. */
  readonly load: DagLoad;
  readonly gates: Map<string, Gate>;
  /** Runs in state running, those of the backfill included. */
  readonly running: Set<ActiveRun>;
  /** Those of them that gave their places to runs of earlier dates, and to which (`limits/places.ts`). */
  readonly gaveWay: Map<ActiveRun, number>;
  /** Runs in state queued, oldest first; those of the backfill have a line of their own. */
  readonly queued: RunLine<QueuedRun>;
  /** Runs that have each concurrency key: running, or being read again. */
  readonly keys: Map<string, Set<number>>;
  /** Runs that a command has brought, or is bringing, into memory, whatever their state. */
  readonly opened: Set<number>;
  /** True while a tick is being made into a run. */
  isTicking: boolean;
  /** Of a DAG that waits for assets. */
  readonly assets: {
    /** A run of it is being made of events, or in doubt; it is looked at again afterwards. */
    isMaking: boolean;
    /** It had no room for another run when it was looked at. */
    isFull: boolean;
    /** The version whose assets its pending events are of; 0 before the first look. */
    versionId: number;
  };
  /** Its runs that wait for inputs. */
  readonly inputs: DagInputs;
  /** Final runs that are being deleted: nothing may bring them into memory. */
  readonly leaving: Set<number>;
  /** Whether its finished runs are going to be looked at, and when they were, on the monotonic clock. */
  isHistoryWanted: boolean;
  historyAtMs: number;
  /** The name given last: two runs asked for in the same millisecond must differ. */
  lastRunName: string;
};

/** A backfill that is not over. */
export type OwnedBackfill = Omit<
  OwnedBackfillRow,
  "state" | "decided" | "decidedDate" | "dateCount"
> & {
  state: BackfillState;
  dateCount: number;
  /** Dates decided, and the last of them. */
  decided: number;
  decidedDate: EpochMs | null;
  /** Its runs in state running. */
  readonly running: Set<ActiveRun>;
  /** Its runs in state queued, in its order. */
  readonly queued: RunLine<QueuedRun>;
  /** While it is being brought on; and whether there is reason to look again. */
  isDriven: boolean;
  isKicked: boolean;
  /** Its row may have another state: a change of it had no answer. */
  isDoubtful: boolean;
};

export type ActiveRun = {
  readonly key: number;
  readonly dagId: string;
  readonly shard: number;
  readonly facts: RunFacts;
  readonly params: Uint8Array;
  readonly dag: OwnedDag;
  readonly version: Version;
  readonly engine: Run;
  readonly lists: RunLists;
  readonly concurrencyKey: string | null;
  readonly instances: InstanceFacts;
  /** By instance key: attempts that run now, or are being stopped to run again. */
  readonly bound: Map<number, Bound>;
  /** By instance key: what instances wait for, or what their bodies go on with until the attempt that does has ended. */
  readonly waits: Map<number, DeferralRow>;
  /** Of tasks that limit how many of their instances are active in a run. */
  readonly gates: Map<string, Gate>;
  /** By instance key: who wants to hear of its next change (`instance-changes.ts`). */
  readonly listeners: Map<number, Set<() => void>>;
  /** What every assignment says of it; made when first needed. */
  message: RunFactsMessage | null;
  /** Number of the last event written, or on its way. */
  seq: number;
  /** How often it was opened again after its end. */
  reopenCount: number;
  /** The run's state as of the changes recorded for writing, and its failure: that it failed with, or will. */
  recordedState: RunState;
  recordedFailure: Failure | null;
  /** Monotonic moment of the last refresh of the row's summary, and the event number it told. */
  summaryAtMs: number;
  summarySeq: number;
  /** Set once it has left memory: what still points to it must not act on it. */
  isGone: boolean;
};

export type RunSource = {
  readonly facts: RunFacts;
  readonly params: Uint8Array;
  readonly seq: number;
  /** Default 0. */
  readonly reopenCount?: number;
};

/** `restore`: makes the engine's run of one that has rows; default a new one. */
export function activeRun(
  source: RunSource,
  dag: OwnedDag,
  version: Version,
  restore: (inputs: RunInputs) => Run = (inputs) => createRun(version.compiled, inputs),
): ActiveRun {
  const { facts, params } = source;
  const lists = createRunLists(params);
  const engine = restore({ logicalDate: facts.logicalAt, lengthOf: lists.lengthOf });
  return {
    key: facts.id,
    dagId: facts.dagId,
    shard: facts.shard,
    ...{ facts, params, dag, version, engine, lists },
    concurrencyKey: keyOfRun(version.compiled.spec, params),
    instances: createInstanceFacts(engine),
    bound: new Map(),
    waits: new Map(),
    listeners: new Map(),
    gates: new Map(),
    message: null,
    seq: source.seq,
    reopenCount: source.reopenCount ?? 0,
    recordedState: engine.state,
    recordedFailure: null,
    summaryAtMs: -Infinity,
    summarySeq: -1,
    isGone: false,
  };
}

export function factsOf(row: RunFacts): RunFacts {
  const { id, dagId, dagVersionId, shard, runType, runName, runAfter, queuedAt } = row;
  const { logicalAt, intervalStartAt, intervalEndAt, backfill, partitionKey, inputs } = row;
  return {
    id,
    dagId,
    dagVersionId,
    shard,
    runType,
    runName,
    logicalAt,
    intervalStartAt,
    intervalEndAt,
    runAfter,
    queuedAt,
    backfill,
    partitionKey,
    inputs,
  };
}
