/** Branches: a task that chooses what goes on, and the cases it chooses among. */

import { MillraceError } from "@millrace/engine";
import type { BranchAnswer } from "./answers.ts";
import type { AnyDeferred, MustFit, Resume, ResumedValue } from "../waiting/deferral.ts";
import { makeHandle, type AnyHandle, type Handle } from "../wiring/handle.ts";
import {
  makeOrdered,
  orderMark,
  type OrderKey,
  type Ordered,
  type Region,
} from "../wiring/order.ts";
import { referenceOf, type FirstReference, type TaskReference } from "../wiring/reference.ts";
import { isMarked } from "../shared.ts";
import { makeTask, namedTask, plainTrait, type Kind, type Resumes, type Task } from "./task.ts";
import { readTaskOptions, type TaskOptions } from "./task-options.ts";
import { currentWiring, refusePromise, type Wiring } from "../wiring/wiring.ts";

/** The names of the cases that an answer of a branch may hold. */
export type CasesOf<R> = R extends string
  ? R
  : R extends readonly (infer C)[]
    ? Extract<C, string>
    : never;

/** What the body of a branch with `resume` may return. */
type Deferring = BranchAnswer | AnyDeferred;

/** Goes on after a wait with an answer, as the body gives one. */
type BranchResume<R> = (...args: Parameters<Resume<R>>) => Deferring | PromiseLike<Deferring>;

/** What a compiler message shows where a branch may answer any text. */
export type MustName<C> = string extends C
  ? { readonly "a branch names its cases": 'return "one" or "another", not any text' }
  : unknown;

/**
 * Makes a task that chooses: its body returns the name of one case, a list of several, or nothing for none.
 * `choice` says what the cases are.
 *
 * A body that defers needs the option `resume`, which answers in its place.
 *
 * @example const check = branch(function check(rows: number) { return rows > 1000 ? "big" : "small"; });
 * @throws MillraceError DAG_INVALID
 */
export function branch<
  A extends unknown[],
  R extends Deferring | PromiseLike<Deferring>,
  F extends BranchResume<R>,
>(
  options: TaskOptions & Resumes<F>,
  body: ((...args: A) => R) & MustFit<R, F> & MustName<CasesOf<ResumedValue<R, F>>>,
): Task<A, R, ResumedValue<R, F>, TaskOptions & Partial<Resumes<F>>>;
export function branch<A extends unknown[], R extends BranchAnswer | PromiseLike<BranchAnswer>>(
  body: ((...args: A) => R) & MustName<CasesOf<Awaited<R>>>,
): Task<A, R>;
export function branch<A extends unknown[], R extends BranchAnswer | PromiseLike<BranchAnswer>>(
  options: TaskOptions,
  body: ((...args: A) => R) & MustName<CasesOf<Awaited<R>>>,
): Task<A, R>;
export function branch<A extends unknown[], R, V>(
  first: TaskOptions | ((...args: A) => R),
  second?: (...args: A) => R,
): Task<A, R, V> {
  return makeTask(branching, namedTask(branch, first, second));
}

export const branching: Kind<TaskOptions> = {
  word: "branch",
  read: (options, what, readShared = readTaskOptions) => ({
    settings: readShared(options, what),
    trait: { ...plainTrait, control: "branch" },
  }),
};

/** What a case's function may return: the handle whose value is the case's, something with an order, or nothing. */
type CaseResult = Ordered | void;

type CaseValue<R> = R extends AnyHandle<infer T> ? T : undefined;

/** Without a value in any case there is only an order. */
type Merged<R> = [R] extends [AnyHandle]
  ? Handle<CaseValue<R>>
  : [Extract<R, AnyHandle>] extends [never]
    ? Ordered
    : Handle<CaseValue<R>>;

/** A branch whose cases are to be said. */
export interface Choice<C extends string> extends Ordered {
  /**
   * Wires each case: what a function wires runs when its case is taken. Returns the value of the case that was taken,
   * undefined for a case without one; of several, that of the first as they stand here. A task that takes it, or comes
   * after it, waits for the cases that were taken (trigger rule "none_failed_min_one_success", unless it has another).
   *
   * A function that wires nothing and returns a task made before goes on with that; one that returns nothing either
   * goes on with what comes after the cases.
   */
  cases<F extends { readonly [K in C]: () => CaseResult }>(
    cases: F & { readonly [K in Exclude<keyof F, C>]: never },
  ): Merged<ReturnType<F[C]>>;
}

/**
 * Says what a branch chooses among.
 *
 * @example
 * const done = choice(check(rows)).cases({ big: () => split(rows), small: () => copy(rows) });
 * @throws MillraceError DAG_INVALID when the handle is not that of a branch.
 */
export function choice<V>(taken: Handle<V>): Choice<CasesOf<V>> {
  const wiring = currentWiring("choice(…)");
  const { node, key } = wiring.nodeOf(taken, "choice(…)");
  const { id } = node;
  if (node.source.trait.control !== "branch" || node.each.length > 0) {
    const problem =
      node.each.length > 0
        ? "is mapped; put the branch and its cases into a mapped group"
        : "is no branch; make it with branch(…)";
    throw new MillraceError("DAG_INVALID", `choice(…) was given task "${id}", which ${problem}`);
  }
  const made: unknown = {
    ...makeOrdered(key),
    cases: (cases: Readonly<Record<string, () => unknown>>) => wireCases(wiring, id, cases),
  };
  return made as Choice<CasesOf<V>>;
}

type Wirings = Readonly<Record<string, () => unknown>>;

function wireCases(wiring: Wiring, branchId: string, cases: Wirings): Ordered {
  if (wiring.choices.has(branchId)) {
    throw new MillraceError("DAG_INVALID", `the branch "${branchId}" has its cases already`);
  }
  const wired = Object.entries(cases).map(([name, wire]) => wireCase(wiring, branchId, name, wire));
  wiring.choices.set(branchId, { branchId, cases: wired });
  const blockOf = (parts: readonly OrderKey[]): OrderKey => ({
    kind: "block",
    id: branchId,
    wiring,
    entry: branchId,
    parts,
    isChoice: true,
  });
  const all = blockOf(wired.map(({ part }) => part));
  const values = wired.flatMap(({ value }) => (value === null ? [] : [value]));
  if (values.length === 0) return makeOrdered(all);
  const rest = blockOf(wired.filter(({ value }) => value === null).map(({ part }) => part));
  return makeHandle(all, {
    kind: "first",
    wiring,
    of: values.flatMap((value) => (value.kind === "first" ? value.of : [value])),
    after: [rest, ...values.flatMap((value) => (value.kind === "first" ? value.after : []))],
  });
}

type WiredCase = {
  readonly name: string;
  readonly part: OrderKey;
  readonly value: TaskReference | FirstReference | null;
};

function wireCase(wiring: Wiring, branchId: string, name: string, wire: () => unknown): WiredCase {
  const what = `case "${name}" of branch "${branchId}"`;
  const { result, region } = wiring.record(wire);
  refusePromise(result, `the function of ${what}`);
  const value = valueOf(result, what);
  const goesOn = isMarked(result, orderMark) ? (result as unknown as Ordered)[orderMark] : null;
  const isEmpty = region.start === region.end;
  if (!isEmpty) requireInside(wiring, value, region, what);
  const made: OrderKey = { kind: "region", id: what, wiring, region };
  const part = isEmpty && goesOn !== null ? goesOn : made;
  if (!isEmpty || goesOn !== null) {
    wiring.link({ kind: "task", id: branchId, wiring }, part, "", name);
  }
  return { name, part, value };
}

function valueOf(result: unknown, what: string): WiredCase["value"] {
  if (result === undefined) return null;
  const reference = referenceOf(result);
  if (reference?.kind === "task" || reference?.kind === "first") return reference;
  if (reference === undefined && isMarked(result, orderMark)) return null;
  throw new MillraceError(
    "DAG_INVALID",
    `the function of ${what} must return a handle, something in the order, or nothing; a plain value ` +
      "or a fact of the run needs a task that returns it",
  );
}

/** A value from before the branch would be there whichever case is taken. */
function requireInside(
  wiring: Wiring,
  value: WiredCase["value"],
  { start, end }: Region,
  what: string,
): void {
  const of = value === null || value.kind === "task" ? [value] : value.of;
  const inside = new Set(wiring.calls.slice(start, end));
  for (const one of of) {
    if (one === null || inside.has(one.id)) continue;
    throw new MillraceError(
      "DAG_INVALID",
      `the function of ${what} wires tasks, but returns the value of "${one.id}", which is not among ` +
        "them; pass it through a task inside the case",
    );
  }
}
