/** Runs a DAG in memory, for tests and for `millrace dags test`. */

import type { CompiledDag, EpochMs } from "@millrace/engine";
import { compileDag, MillraceError, runName } from "@millrace/engine";
import { FailTask } from "@millrace/sdk";
import type { Body, DagDefinition, Instant, RunFacts } from "@millrace/sdk/spec";
import { bodyOf, instantMs } from "@millrace/sdk/spec";
import { runToEnd } from "./memory-run.ts";
import { readParams } from "./params.ts";
import type { RunResult } from "./result.ts";
import { resultOf } from "./result.ts";
import type { LogLine } from "./run-body.ts";
import { virtualClock } from "./virtual-clock.ts";

export type RunDagOptions<Given> = {
  /** Checked against the DAG's schema; defaults are filled in. Default: `{}`. */
  readonly params?: [Given] extends [never] ? Readonly<Record<string, unknown>> : Given;
  /** Default: the run has none, as one triggered by hand. */
  readonly logicalDate?: Instant | null;
  /** When the run begins by its own clock. Default: the logical date, else the present. */
  readonly now?: Instant;
  /** Stand-ins for external tasks, by handler; they are called with the resolved arguments. */
  readonly handlers?: Readonly<Record<string, (...args: never[]) => unknown>>;
  /** Sees each line of `context().log` as it is written. */
  readonly onLog?: (line: LogLine) => void;
};

/**
 * Runs a DAG's bodies in this process, on the engine that runs them in production, without server or database.
 * Waits for retries take no time. A failing task is a result, not an exception.
 *
 * @example
 * const done = await runDag(etl, { params: { region: "eu" } });
 * expect(done.task("load").state).toBe("success");
 * @throws MillraceError PARAMS_INVALID, FIELD_INVALID, and the reasons of compiling a DAG
 */
export async function runDag<Given>(
  definition: DagDefinition<Given>,
  options: RunDagOptions<Given> = {},
): Promise<RunResult> {
  const dag = compileDag(definition.spec());
  const logicalDate = readInstant("logicalDate", options.logicalDate ?? null);
  const start = readInstant("now", options.now ?? null) ?? logicalDate ?? Date.now();
  const facts = factsOf(dag, { logicalDate, start, params: readParams(dag.spec, options.params) });
  const recorded = await runToEnd({
    dag,
    facts,
    clock: virtualClock(start),
    bodyOf: (ix) => bodyOfTask(definition, dag, ix, options.handlers ?? {}),
    onLog: (line) => options.onLog?.(line),
  });
  return resultOf(dag, recorded);
}

function factsOf(
  dag: CompiledDag,
  run: { logicalDate: EpochMs | null; start: EpochMs; params: Record<string, unknown> },
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
    params: run.params,
  };
}

function bodyOfTask<Given>(
  definition: DagDefinition<Given>,
  dag: CompiledDag,
  ix: number,
  handlers: NonNullable<RunDagOptions<Given>["handlers"]>,
): Body {
  const task = dag.tasks[ix]!;
  if (task.kind === "bundle") return bodyOf(definition, task.handler);
  const standIn = Object.hasOwn(handlers, task.handler) ? handlers[task.handler] : undefined;
  return (standIn as Body | undefined) ?? missingHandler(task.id, task.handler);
}

function missingHandler(taskId: string, handler: string): Body {
  return () => {
    throw new FailTask(
      `Task "${taskId}" runs in a worker that announces the handler "${handler}"; ` +
        `give runDag a stand-in: { handlers: { "${handler}": (…) => … } }.`,
    );
  };
}

function readInstant(field: string, value: Instant | null): EpochMs | null {
  if (value === null) return null;
  const at = instantMs(value);
  if (at !== null) return at;
  const shown = String(value);
  throw new MillraceError(
    "FIELD_INVALID",
    `${field} is "${shown}": write a Date, or ISO 8601 with a zone such as "2026-01-01T00:00Z".`,
    { metadata: { field, value: shown } },
  );
}
