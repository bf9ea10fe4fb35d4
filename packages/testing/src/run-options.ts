/** What a run in memory is started with. */

import type { CompiledDag, EpochMs } from "@millrace/engine";
import {
  assetNamesOf,
  compileDag,
  MillraceError,
  partitionKeyProblem,
  runName,
  runStateName,
  withNamedAssets,
} from "@millrace/engine";
import type {
  DagDefinition,
  Instant,
  RunFacts,
  RunInputs,
  TriggerRequest,
} from "@millrace/sdk/spec";
import { decodeValue, instantForms, instantMs } from "@millrace/sdk/spec";
import type { GivenAssetEvent } from "./asset-events.ts";
import type { Handlers } from "./bodies.ts";
import { codeOfCallback, codeOfTasks, readOutcomes } from "./bodies.ts";
import type { WaitEvents } from "./events.ts";
import { expectEvent } from "./events.ts";
import { readInputs, type GivenInputs } from "./inputs.ts";
import { MemoryRun } from "./memory-run.ts";
import type { Outcomes } from "./outcomes.ts";
import { readParams } from "./params.ts";
import type { LogLine } from "./records.ts";
import { tieBreak } from "./tie-break.ts";
import type { ChildRun } from "./triggered.ts";
import { Triggered } from "./triggered.ts";

/** A DAG whatever its params are. */
type AnyDag = DagDefinition;

export type RunDagOptions<Given> = {
  /** Checked against the DAG's schema; defaults are filled in. Default: `{}`. */
  readonly params?: [Given] extends [never] ? Readonly<Record<string, unknown>> : Given;
  /** Default: the run has none, as one triggered by hand. */
  readonly logicalDate?: Instant | null;
  /** The part of the data that it is about: 1 to 250 characters. Default: none. */
  readonly partitionKey?: string | null;
  /** When the run begins by its own clock. Default: the logical date, else the present. */
  readonly now?: Instant;
  /** Stand-ins for external tasks and callbacks, by handler; they are called with the resolved arguments. */
  readonly handlers?: Handlers;
  /**
   * In which order things go that happen at the same moment: of 0, which is the default, as they began; of any other whole
   * number in another one, the same each time.
   */
  readonly seed?: number;
  /**
   * What comes for tasks that wait, by task id: `ok(event)`, of an input `ok(values)`. Without it a run that waits for a
   * person, a token or a triggerer cannot end, unless that wait has a time limit.
   */
  readonly events?: WaitEvents;
  /**
   * Whether callbacks are run, or only noted in `callbacks`. Default: they are run by `runDag`, and noted by `startDag`.
   */
  readonly runCallbacks?: boolean;
  /**
   * DAGs that are really run when a task triggers them, each by its own virtual clock; in them outcomes and events are what
   * their bodies say. Runs of others are noted in `triggered` only; a task that waits for one needs an event.
   */
  readonly dags?: readonly AnyDag[];
  /** The events of assets that the run was made of, for `context().triggeringAssetEvents`; inlets have them as well. */
  readonly triggeringAssetEvents?: readonly GivenAssetEvent[];
  /** Earlier events of inlets, for `context().inletEvents`, oldest first. */
  readonly assetEvents?: readonly GivenAssetEvent[];
  /** What it is given of its DAG's inputs, for `context().inputs`. Default: everything that it would wait for. */
  readonly inputs?: GivenInputs;
  /** Sees each line that a body logs as it is written. */
  readonly onLog?: (line: LogLine) => void;
};

export type StartDagOptions<Given> = RunDagOptions<Given> & {
  /** What tasks do instead of running their bodies. Tasks that are not named run their bodies. */
  readonly outcomes?: Outcomes;
};

/** @throws MillraceError PARAMS_INVALID, FIELD_INVALID, TASK_NOT_FOUND, and the reasons of compiling a DAG */
export function makeRun<Given>(
  definition: DagDefinition<Given>,
  options: StartDagOptions<Given>,
  runsCallbacks: boolean,
  depth = 0,
): MemoryRun {
  const spec = definition.spec();
  // No registration finds them: a name stands for itself.
  const dag = compileDag(
    withNamedAssets(spec, new Map(assetNamesOf(spec).map((name) => [name, name]))),
  );
  const logicalDate = readInstant("logicalDate", options.logicalDate ?? null);
  const start = readInstant("now", options.now ?? null) ?? logicalDate ?? Date.now();
  const { handlers = {}, outcomes = {}, events = {}, seed = 0, onLog } = options;
  const scripts = readOutcomes(dag, events, "events");
  if (!Number.isSafeInteger(seed)) throw invalid("seed", String(seed), "a whole number");
  return new MemoryRun({
    dag,
    facts: factsOf(dag, {
      ...{ logicalDate, start, partitionKey: readPartition(options.partitionKey ?? null) },
      params: readParams(dag.spec, options.params),
      inputs: readInputs(dag.spec, options.inputs, logicalDate ?? start),
    }),
    start,
    tieBreak: tieBreak(seed),
    codeOf: codeOfTasks(definition, dag, { handlers, outcomes }),
    codeOfCallback: codeOfCallback(definition, handlers),
    assetEvents: {
      triggering: options.triggeringAssetEvents ?? [],
      others: options.assetEvents ?? [],
    },
    runsCallbacks: options.runCallbacks ?? runsCallbacks,
    triggered: new Triggered(options.dags ?? [], depth, (child, request, parent) =>
      runChild(child, request, parent, options, depth + 1),
    ),
    onWait(run, ref) {
      if (!scripts.has(run.dag.taskIds[ref.ix]!)) run.triggered.onWait(run, ref);
      expectEvent(run, scripts, ref);
    },
    onLog: (line) => onLog?.(line),
  });
}

type ForChildren = Pick<StartDagOptions<never>, "handlers" | "dags" | "onLog" | "runCallbacks">;

/** Its tasks have the handlers that its parent's have. */
async function runChild(
  definition: AnyDag,
  request: TriggerRequest,
  parent: MemoryRun,
  { handlers, dags, onLog, runCallbacks }: ForChildren,
  depth: number,
): Promise<ChildRun> {
  const params = decodeValue(request.params, `the params for DAG "${request.dagId}"`);
  const run = makeRun<never>(
    definition,
    {
      params: params as Readonly<Record<string, unknown>>,
      logicalDate: request.logicalDate === null ? null : new Date(request.logicalDate),
      now: new Date(parent.clock.now),
      ...(handlers && { handlers }),
      ...(dags && { dags }),
      ...(onLog && { onLog }),
      ...(runCallbacks !== undefined && { runCallbacks }),
    },
    false,
    depth,
  );
  await run.finish();
  return {
    state: runStateName(run.engine.state),
    name: run.facts.name,
    tookMs: run.clock.now - parent.clock.now,
  };
}

function factsOf(
  dag: CompiledDag,
  run: {
    logicalDate: EpochMs | null;
    start: EpochMs;
    partitionKey: string | null;
    params: Record<string, unknown>;
    inputs: RunInputs | null;
  },
): RunFacts {
  const date = run.logicalDate === null ? null : new Date(run.logicalDate);
  return {
    id: "run_0",
    name: runName("manual", run.logicalDate, run.start),
    dagId: dag.spec.dagId,
    type: "manual",
    dagVersion: 1,
    logicalDate: date,
    dataInterval: { start: date, end: date },
    runAfter: new Date(run.start),
    partitionKey: run.partitionKey,
    params: run.params,
    ...(run.inputs !== null && { inputs: run.inputs }),
  };
}

function readInstant(field: string, value: Instant | null): EpochMs | null {
  if (value === null) return null;
  const at = instantMs(value);
  if (at !== null) return at;
  throw invalid(field, String(value), instantForms);
}

function readPartition(key: string | null): string | null {
  const problem = key === null ? null : partitionKeyProblem(key);
  if (problem === null) return key;
  throw invalid("partitionKey", String(key), problem);
}

function invalid(field: string, value: string, forms: string): MillraceError {
  return new MillraceError("FIELD_INVALID", `${field} is "${value}": write ${forms}.`, {
    metadata: { field, value },
  });
}
