/** The functions behind tasks: bodies, stand-ins for external tasks, and what a test has tasks do instead. */

import type { CallbackSpec, CompiledDag, TaskSpec } from "@millrace/engine";
import { MillraceError } from "@millrace/engine";
import { FailTask } from "@millrace/sdk";
import type { Body, DagDefinition, TaskCode } from "@millrace/sdk/spec";
import { bodyOf, callbackOf, resumeOf, retryPolicyOf, targetOf } from "@millrace/sdk/spec";
import type { Flight } from "./flight.ts";
import type { MemoryRun } from "./memory-run.ts";
import type { Outcome, OutcomeOrFunction, Outcomes } from "./outcomes.ts";
import { isOutcome, play } from "./outcomes.ts";

/** Stand-ins for external tasks, by handler. */
export type Handlers = Readonly<Record<string, (...args: never[]) => unknown>>;

export type CodeOf = (run: MemoryRun, flight: Flight) => TaskCode;

/** What happens each time; the last for all further ones. */
export type Script = readonly [OutcomeOrFunction, ...OutcomeOrFunction[]];

/** @throws MillraceError TASK_NOT_FOUND, FIELD_INVALID for wrong outcomes */
export function codeOfTasks(
  definition: DagDefinition,
  dag: CompiledDag,
  { handlers, outcomes }: { readonly handlers: Handlers; readonly outcomes: Outcomes },
): CodeOf {
  const scripts = readOutcomes(dag, outcomes, "outcomes");
  return (run, flight) => {
    const task = dag.tasks[flight.ref.ix]!;
    const script = scripts.get(task.id);
    const isBundle = task.kind === "bundle";
    const resume = isBundle ? resumeOf(definition, task.handler) : undefined;
    const retryPolicy = isBundle ? retryPolicyOf(definition, task.handler) : undefined;
    const target = isBundle ? targetOf(definition, task.handler) : undefined;
    if (!script) return { body: realBody(definition, task, handlers), retryPolicy, resume, target };
    const body = scriptedBody(script, task, run, flight);
    // What goes on after a wait is the next outcome, as long as there is one.
    const played = run.records.of(flight.ref).calls + (flight.isGoingOn ? 0 : 1);
    return { body, retryPolicy, resume: played < script.length ? body : resume };
  };
}

/** The functions of callbacks; null for an external one without a stand-in. */
export function codeOfCallback(
  definition: DagDefinition,
  handlers: Handlers,
): (callback: CallbackSpec) => TaskCode | null {
  return ({ handler, isExternal }) => {
    if (!isExternal)
      return { body: callbackOf(definition, handler) as Body, retryPolicy: undefined };
    const standIn = Object.hasOwn(handlers, handler) ? handlers[handler] : undefined;
    return standIn === undefined ? null : { body: standIn as Body, retryPolicy: undefined };
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
    return await play(outcome, { rest: (ms) => flight.rest(ms), die: () => flight.die() });
  };
}

/**
 * @param option its name, for messages.
 * @throws MillraceError TASK_NOT_FOUND, FIELD_INVALID
 */
export function readOutcomes(
  dag: CompiledDag,
  outcomes: Outcomes,
  option: string,
): Map<string, Script> {
  return new Map(
    Object.entries(outcomes).map(([id, given]) => {
      if (!dag.ixOf.has(id)) {
        const ids = dag.taskIds.slice(0, 20).join(", ");
        throw new MillraceError(
          "TASK_NOT_FOUND",
          `${option} names the task "${id}", which DAG "${dag.spec.dagId}" does not have; its tasks are ${ids}.`,
        );
      }
      const [first, ...more] = isList(given) ? given : [given];
      if (first === undefined || ![first, ...more].every(isPlayable))
        throw new MillraceError("FIELD_INVALID", notAnOutcome(id, "it was given"), {
          metadata: { field: `${option}.${id}` },
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
    `Task "${taskId}" needs ok(…), fail(…), skip(), defers(…), lost() or after(…), a function that returns one, or a list of at least one ` +
    `of these; ${what} something else.`
  );
}
