/** Tasks: reusable functions that a call inside a `dag` turns into nodes. */

import { MillraceError } from "@millrace/engine";
import type { Body } from "../wiring/body.ts";
import type { Args, MapArgs, MustCarry, MustMap } from "../wiring/carried.ts";
import type { MustFit, Resume, ResumedValue, ValueOf } from "../waiting/deferral.ts";
import type { Handle, ResultsOf } from "../wiring/handle.ts";
import { placeOfCall } from "../wiring/place.ts";
import { readTaskOptions, type TaskOptions, type TaskSettings } from "./task-options.ts";
import { readTarget, type Targets } from "./target.ts";
import { currentWiring, type Trait } from "../wiring/wiring.ts";

/** What calling a task makes of it. */
interface Call<A extends readonly unknown[], V> {
  /** With `each` among the arguments: one instance for each element. */
  <G extends MapArgs<A>>(...args: G & MustMap<G>): ResultsOf<V>;
  /** Makes a node of the DAG being wired. Called twice, the second is `<id>__1`. */
  (...args: Args<A>): Handle<V>;
}

/**
 * A task with parameters `A` whose body returns `R`; its value is of type `V`, and `O` are its options.
 */
export interface Task<
  A extends readonly unknown[],
  R,
  V = ValueOf<Awaited<R>>,
  O extends object = TaskOptions & Partial<Targets<A, V>>,
> extends Call<A, V> {
  readonly id: string;
  /** The function itself, for unit tests and for calls outside a DAG. */
  readonly body: (...args: A) => R;
  /** The same task with other options; those not given stay. */
  with(options: O): Task<A, R, V, O>;
}

/**
 * Makes a task of a function.
 *
 * @example
 * const extract = task({ retries: 3, retryDelay: "30s" }, async function extract(day: string) { … });
 * @throws MillraceError DAG_INVALID for an unknown option, a wrong value, or a function without a name and no `id`.
 */
export function task<A extends unknown[], R, F extends Resume<R>>(
  options: TaskOptions & Resumes<F> & Partial<Targets<A, NoInfer<ResumedValue<R, F>>>>,
  body: ((...args: A) => R) & MustFit<R, F> & MustCarry<ResumedValue<R, F>>,
): Task<
  A,
  R,
  ResumedValue<R, F>,
  TaskOptions & Partial<Resumes<F>> & Partial<Targets<A, ResumedValue<R, F>>>
>;
export function task<A extends unknown[], R>(
  body: ((...args: A) => R) & MustCarry<ValueOf<Awaited<R>>>,
): Task<A, R>;
export function task<A extends unknown[], R>(
  options: TaskOptions & Partial<Targets<A, NoInfer<ValueOf<Awaited<R>>>>>,
  body: ((...args: A) => R) & MustCarry<ValueOf<Awaited<R>>>,
): Task<A, R>;
export function task<A extends unknown[], R, V>(
  first: TaskOptions | ((...args: A) => R),
  second?: (...args: A) => R,
): Task<A, R, V> {
  return makeTask(work, namedTask(task, first, second));
}

/** The option of a task whose body defers. */
export type Resumes<F> = {
  /**
   * Goes on, in a worker and with the same `context()`, when what the body waits for has come. Gets the trigger's event
   * and the state that was given to `defer`; what it returns is the task's value, and it may defer again.
   */
  readonly resume: F;
};

/** A kind of task: which options it takes, and what they make of it. */
export type Kind<O extends object> = {
  /** For messages: "task", "branch". */
  readonly word: string;
  /** @param readShared reads the options that every kind has. Default: those of a task in TypeScript. */
  read(
    options: O,
    what: string,
    readShared?: (options: object, what: string) => Partial<TaskSettings>,
  ): { readonly settings: Partial<TaskSettings>; readonly trait: Trait };
};

/** What neither chooses nor waits. */
export const plainTrait: Trait = { control: "none", skipsDirectOnly: false, sensor: null };

export const work: Kind<TaskOptions> = {
  word: "task",
  read(options: TaskOptions & { target?: unknown; checkTarget?: unknown }, what, readShared) {
    if (readShared !== undefined) return { settings: readShared(options, what), trait: plainTrait };
    const { target, checkTarget, ...others } = options;
    const read = readTarget(target, checkTarget, what);
    const settings = readTaskOptions(others, what);
    return {
      settings: read === undefined ? settings : { ...settings, target: read },
      trait: plainTrait,
    };
  },
};

/** Options with an id, and a body. */
export type Named<A extends readonly unknown[], R, O> = {
  readonly options: O & { readonly id: string };
  readonly body: (...args: A) => R;
};

/**
 * Reads `word(options?, body)`: the id is the option, else the function's name.
 *
 * @param word the function that was called, for messages.
 * @throws MillraceError DAG_INVALID when there is no function, or no id.
 */
export function namedTask<A extends unknown[], R, O extends { readonly id?: string }>(
  word: (...args: never) => unknown,
  first: O | ((...args: A) => R),
  second: ((...args: A) => R) | undefined,
): Named<A, R, O> {
  const options = typeof first === "function" ? ({} as O) : first;
  const body = typeof first === "function" ? first : second;
  if (typeof body !== "function") {
    throw new MillraceError(
      "DAG_INVALID",
      `${word.name}(…) at ${placeOfCall(word)} needs a function as its last argument`,
    );
  }
  const id = options.id ?? body.name;
  if (id === "") {
    throw new MillraceError(
      "DAG_INVALID",
      `the ${word.name} at ${placeOfCall(word)} has no id; name its function or give the option id`,
    );
  }
  return { options: { ...options, id }, body };
}

/** A task whose id is known. */
export function makeTask<A extends unknown[], R, V, O extends object>(
  kind: Kind<O>,
  { options, body }: Named<A, R, O>,
): Task<A, R, V, O> {
  const { id } = options;
  const { settings, trait } = kind.read(options, `${kind.word} "${id}"`);
  const source = { kind: "bundle", id, settings, trait, body: body as unknown as Body } as const;
  const call: unknown = (...args: readonly unknown[]) =>
    currentWiring(`${kind.word} "${id}" (in a unit test, call ${id}.body(…) instead)`).call(
      source,
      args,
    );
  return Object.assign(call as Call<A, V>, {
    id,
    body,
    with: (more: O & { readonly id?: string }) =>
      makeTask<A, R, V, O>(kind, { options: { ...options, ...more, id: more.id ?? id }, body }),
  });
}
