/** Tasks: reusable functions that a call inside a `dag` turns into nodes. */

import { MillraceError } from "@millrace/engine";
import type { Args, MustCarry } from "./carried.ts";
import type { Handle } from "./handle.ts";
import { placeOfCall } from "./place.ts";
import { readTaskOptions, type TaskOptions } from "./task-options.ts";
import { currentWiring, type Body } from "./wiring.ts";

/** A task with parameters `A` whose body returns `R`. */
export interface Task<A extends readonly unknown[], R> {
  /** Makes a node of the DAG being wired. Called twice, the second is `<id>__1`. */
  (...args: Args<A>): Handle<Awaited<R>>;
  readonly id: string;
  /** The function itself, for unit tests and for calls outside a DAG. */
  readonly body: (...args: A) => R;
  /** The same task with other options; those not given stay. */
  with(options: TaskOptions): Task<A, R>;
}

/**
 * Makes a task of a function.
 *
 * @example
 * const extract = task({ retries: 3, retryDelay: "30s" }, async function extract(day: string) { … });
 * @throws MillraceError DAG_INVALID for an unknown option, a wrong value, or a function without a name and no `id`.
 */
export function task<A extends unknown[], R>(
  body: ((...args: A) => R) & MustCarry<Awaited<R>>,
): Task<A, R>;
export function task<A extends unknown[], R>(
  options: TaskOptions,
  body: ((...args: A) => R) & MustCarry<Awaited<R>>,
): Task<A, R>;
export function task<A extends unknown[], R>(
  first: TaskOptions | ((...args: A) => R),
  second?: (...args: A) => R,
): Task<A, R> {
  const options = typeof first === "function" ? {} : first;
  const body = typeof first === "function" ? first : second;
  if (typeof body !== "function") {
    const place = placeOfCall(task);
    throw new MillraceError(
      "DAG_INVALID",
      `task(…) at ${place} needs a function as its last argument`,
    );
  }
  const id = options.id ?? body.name;
  if (id === "") {
    throw new MillraceError(
      "DAG_INVALID",
      `the task at ${placeOfCall(task)} has no id; name its function or give the option id`,
    );
  }
  return makeTask({ ...options, id }, body);
}

/** A task whose id is known. */
export function makeTask<A extends unknown[], R>(
  options: TaskOptions & { readonly id: string },
  body: (...args: A) => R,
): Task<A, R> {
  const { id } = options;
  const settings = readTaskOptions(options, `task "${id}"`);
  const source = { kind: "bundle", id, settings, body: body as unknown as Body } as const;
  const call = (...args: Args<A>): Handle<Awaited<R>> =>
    currentWiring(`task "${id}" (in a unit test, call ${id}.body(…) instead)`).call(source, args);
  return Object.assign(call, {
    id,
    body,
    with: (more: TaskOptions) => makeTask({ ...options, ...more, id: more.id ?? id }, body),
  });
}
