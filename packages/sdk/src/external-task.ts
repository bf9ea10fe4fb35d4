/** Tasks that another language implements. */

import { MillraceError } from "@millrace/engine";
import type { Args, MapArgs, MustCarry, MustMap } from "./carried.ts";
import type { Handle, ResultsOf } from "./handle.ts";
import { placeOfCall } from "./place.ts";
import { readExternalOptions, type SharedTaskOptions } from "./task-options.ts";
import { plainTrait } from "./task.ts";
import { currentWiring } from "./wiring.ts";

export type ExternalTaskOptions = SharedTaskOptions & {
  /** Default: the handler. */
  readonly id?: string;
  /** The name under which workers announce their implementation. */
  readonly handler: string;
};

/** A task with parameters `A` and result `R` whose body is elsewhere. */
export interface ExternalTask<A extends readonly unknown[], R> {
  /** With `each` among the arguments: one instance for each element. */
  <G extends MapArgs<A>>(...args: G & MustMap<G>): ResultsOf<R>;
  /** Makes a node of the DAG being wired. */
  (...args: Args<A>): Handle<R>;
  readonly id: string;
  /** The same task with other options; those not given stay. */
  with(options: Partial<ExternalTaskOptions>): ExternalTask<A, R>;
}

/**
 * Declares a task that workers announcing `handler` implement. The types are a promise of theirs.
 *
 * @example
 * const score = externalTask<[rows: Row[]], Score>({ handler: "score_model", queue: "python" });
 * @throws MillraceError DAG_INVALID
 */
export function externalTask<A extends readonly unknown[], R>(
  options: ExternalTaskOptions & MustCarry<A> & MustCarry<R>,
): ExternalTask<A, R> {
  if (typeof options.handler !== "string" || options.handler === "") {
    const place = placeOfCall(externalTask);
    throw new MillraceError(
      "DAG_INVALID",
      `externalTask(…) at ${place} needs the option "handler"`,
    );
  }
  return makeExternal(options);
}

function makeExternal<A extends readonly unknown[], R>(
  options: ExternalTaskOptions,
): ExternalTask<A, R> {
  const id = options.id ?? options.handler;
  const settings = readExternalOptions(options, `task "${id}"`);
  const { handler } = options;
  const source = { kind: "external", id, settings, trait: plainTrait, handler } as const;
  const call: unknown = (...args: readonly unknown[]) =>
    currentWiring(`task "${id}"`).call(source, args);
  return Object.assign(call as ExternalTask<A, R>, {
    id,
    with: (more: Partial<ExternalTaskOptions>) => makeExternal<A, R>({ ...options, ...more }),
  });
}
