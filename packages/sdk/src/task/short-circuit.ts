/** Short circuits: a task that lets go on what follows, or skips it. */

import { MillraceError } from "@millrace/engine";
import type { AnyDeferred, MustFit, Resume, ResumedValue } from "../waiting/deferral.ts";
import type { Handle } from "../wiring/handle.ts";
import { makeOrdered, type OrderKey, type Ordered } from "../wiring/order.ts";
import { placed, type Placed } from "./placed.ts";
import { flag, readOptions } from "../options/read-options.ts";
import { makeTask, namedTask, plainTrait, type Kind, type Resumes, type Task } from "./task.ts";
import { readTaskOptions, type TaskOptions } from "./task-options.ts";
import { currentWiring, refusePromise } from "../wiring/wiring.ts";

export type ShortCircuitOptions = TaskOptions & {
  /**
   * Skips only the tasks directly after it, and lets trigger rules decide about the rest. Default false: everything
   * after it is skipped, but for what a `setup` releases with.
   */
  readonly skipsDirectOnly?: boolean;
};

/** A short circuit whose body has parameters `A` and returns `R`. */
export type ShortCircuit<A extends readonly unknown[], R> = Task<
  A,
  R,
  Awaited<R>,
  ShortCircuitOptions
>;

/** What the body of a short circuit with `resume` may return. */
type Deferring = boolean | AnyDeferred;

/** Goes on after a wait with an answer, as the body gives one. */
type GateResume<R> = (...args: Parameters<Resume<R>>) => Deferring | PromiseLike<Deferring>;

/**
 * Makes a task whose body says whether what follows goes on (true) or is skipped (false).
 * A body that defers needs the option `resume`, which says it in its place.
 *
 * @example const isWorkday = shortCircuit(function is_workday(day: string) { return !holidays.has(day); });
 * @throws MillraceError DAG_INVALID
 */
export function shortCircuit<
  A extends unknown[],
  R extends Deferring | PromiseLike<Deferring>,
  F extends GateResume<R>,
>(
  options: ShortCircuitOptions & Resumes<F>,
  body: ((...args: A) => R) & MustFit<R, F>,
): Task<A, R, ResumedValue<R, F>, ShortCircuitOptions & Partial<Resumes<F>>>;
export function shortCircuit<A extends unknown[], R extends boolean | PromiseLike<boolean>>(
  body: (...args: A) => R,
): ShortCircuit<A, R>;
export function shortCircuit<A extends unknown[], R extends boolean | PromiseLike<boolean>>(
  options: ShortCircuitOptions,
  body: (...args: A) => R,
): ShortCircuit<A, R>;
export function shortCircuit<A extends unknown[], R, V>(
  first: ShortCircuitOptions | ((...args: A) => R),
  second?: (...args: A) => R,
): Task<A, R, V, ShortCircuitOptions> {
  return makeTask(shortCircuiting, namedTask(shortCircuit, first, second));
}

export const shortCircuiting: Kind<ShortCircuitOptions> = {
  word: "shortCircuit",
  read({ skipsDirectOnly, ...options }, what, readShared = readTaskOptions) {
    const read = readOptions<{ skipsDirectOnly: boolean }>(
      { skipsDirectOnly },
      { skipsDirectOnly: flag },
      what,
    );
    return {
      settings: readShared(options, what),
      trait: { ...plainTrait, control: "short_circuit", skipsDirectOnly: false, ...read },
    };
  },
};

/** A short circuit as a place in the order: `chain(gate(x), a, b)`, or `gate(x).then(() => …)`. */
export interface Gate extends Ordered {
  /** Wires what the gate lets through: all of it comes after the short circuit. Returns what the function returns. */
  then<R>(wire: () => R): Placed<R>;
}

/**
 * Says what a short circuit lets through.
 *
 * @example const report = gate(isWorkday(run.ds)).then(() => write(collect(run.ds)));
 * @throws MillraceError DAG_INVALID when the handle is not that of a short circuit.
 */
export function gate(passed: Handle<boolean>): Gate {
  const wiring = currentWiring("gate(…)");
  const { node, key } = wiring.nodeOf(passed, "gate(…)");
  if (node.source.trait.control !== "short_circuit") {
    throw new MillraceError(
      "DAG_INVALID",
      `gate(…) was given task "${node.id}", which is no short circuit; make it with shortCircuit(…)`,
    );
  }
  const through = (wire: () => unknown): unknown => {
    const { result, region } = wiring.record(wire);
    refusePromise(result, `the function of gate "${node.id}"`);
    const part: OrderKey = { kind: "region", id: `gate "${node.id}"`, wiring, region };
    if (region.start < region.end) wiring.link(key, part);
    return placed(result, {
      kind: "block",
      id: node.id,
      wiring,
      entry: node.id,
      parts: [part],
      isChoice: false,
    });
  };
  // oxlint-disable-next-line unicorn/no-thenable -- nobody awaits while a DAG is wired
  const made: unknown = { ...makeOrdered(key), then: through };
  return made as Gate;
}
