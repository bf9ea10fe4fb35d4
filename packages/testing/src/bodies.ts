/** The functions behind tasks: bodies, stand-ins for external tasks, and what a test has tasks do instead. */

import type { CompiledDag, TaskSpec } from "@millrace/engine";
import { MillraceError } from "@millrace/engine";
import { FailTask } from "@millrace/sdk";
import type { Body, DagDefinition, TaskCode } from "@millrace/sdk/spec";
import { bodyOf, retryPolicyOf } from "@millrace/sdk/spec";
import type { Flight } from "./flight.ts";
import type { MemoryRun } from "./memory-run.ts";
import type { Outcome, OutcomeOrFunction, Outcomes } from "./outcomes.ts";
import { isOutcome, play } from "./outcomes.ts";

/** Stand-ins for external tasks, by handler. */
export type Handlers = Readonly<Record<string, (...args: never[]) => unknown>>;

export type CodeOf = (run: MemoryRun, flight: Flight) => TaskCode;

type Script = readonly [OutcomeOrFunction, ...OutcomeOrFunction[]];

/** @throws MillraceError TASK_NOT_FOUND, FIELD_INVALID for wrong outcomes */
export function codeOfTasks(
  definition: DagDefinition,
  dag: CompiledDag,
  { handlers, outcomes }: { readonly handlers: Handlers; readonly outcomes: Outcomes },
): CodeOf {
  const scripts = readOutcomes(dag, outcomes);
  return (run, flight) => {
    const task = dag.tasks[flight.ref.ix]!;
    const script = scripts.get(task.id);
    return {
      body: script ? scriptedBody(script, task, run, flight) : realBody(definition, task, handlers),
      retryPolicy: task.kind === "bundle" ? retryPolicyOf(definition, task.handler) : undefined,
    };
  };
}

function realBody(definition: DagDefinition, task: TaskSpec, handlers: Handlers): Body {
  if (task.kind === "bundle") return bodyOf(definition, task.handler);
  const standIn = Object.hasOwn(handlers, task.handler) ? handlers[task.handler] : undefined;
  return (standIn as Body | undefined) ?? missingHandler(task);
}

function missingHandler({ id, handler }: TaskSpec): Body {
  return () => {
    throw new FailTask(
      `Task "${id}" runs in a worker that announces the handler "${handler}"; ` +
        `give the test a stand-in: { handlers: { "${handler}": (…) => … } }.`,
    );
  };
}

function scriptedBody(script: Script, task: TaskSpec, run: MemoryRun, flight: Flight): Body {
  return async (...args) => {
    const record = run.records.of(flight.ref);
    const next = script[Math.min(record.calls, script.length - 1)]!;
    record.calls += 1;
    const outcome = typeof next === "function" ? await next(...(args as never[])) : next;
    if (!isOutcome(outcome)) throw new FailTask(notAnOutcome(task.id, "its function returned"));
    return await play(outcome, (ms) => flight.rest(ms));
  };
}

function readOutcomes(dag: CompiledDag, outcomes: Outcomes): Map<string, Script> {
  return new Map(
    Object.entries(outcomes).map(([id, given]) => {
      if (!dag.ixOf.has(id)) {
        const ids = dag.taskIds.slice(0, 20).join(", ");
        throw new MillraceError(
          "TASK_NOT_FOUND",
          `outcomes names the task "${id}", which DAG "${dag.spec.dagId}" does not have; its tasks are ${ids}.`,
        );
      }
      const [first, ...more] = isList(given) ? given : [given];
      if (first === undefined || ![first, ...more].every(isPlayable))
        throw new MillraceError("FIELD_INVALID", notAnOutcome(id, "it was given"), {
          metadata: { field: `outcomes.${id}` },
        });
      return [id, [first, ...more]];
    }),
  );
}

function isList(given: Outcomes[string]): given is readonly OutcomeOrFunction[] {
  return Array.isArray(given);
}

function isPlayable(one: Outcome | ((...args: never[]) => unknown)): boolean {
  return typeof one === "function" || isOutcome(one);
}

function notAnOutcome(taskId: string, what: string): string {
  return (
    `Task "${taskId}" needs ok(…), fail(…), skip() or after(…), a function that returns one, or a list of at least one ` +
    `of these; ${what} something else.`
  );
}
