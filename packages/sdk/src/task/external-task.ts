/** Tasks that another language implements. */

import { MillraceError } from "@millrace/engine";
import type { BranchAnswer } from "./answers.ts";
import { branching, type CasesOf } from "./branch.ts";
import type { Args, MapArgs, MustCarry, MustMap } from "../wiring/carried.ts";
import type { Handle, ResultsOf } from "../wiring/handle.ts";
import { placeOfCall } from "../wiring/place.ts";
import { oneOf } from "../options/read-options.ts";
import { sensing, type SensorOptions } from "./sensor.ts";
import { shortCircuiting, type ShortCircuitOptions } from "./short-circuit.ts";
import { readExternalOptions, type SharedTaskOptions, type TaskOptions } from "./task-options.ts";
import { work, type Kind } from "./task.ts";
import { currentWiring } from "../wiring/wiring.ts";

/** Options of external tasks of any kind. */
type CommonOptions = SharedTaskOptions & {
  /** Default: the handler. */
  readonly id?: string;
  /** The name under which workers announce their implementation. */
  readonly handler: string;
};

/** What only short circuits, and only sensors, can be told. */
type GateOptions = Omit<ShortCircuitOptions, keyof TaskOptions>;
type LookOptions = Omit<SensorOptions, keyof TaskOptions>;

type NoneOf<O> = { readonly [K in keyof O]?: never };

type ExternalKind = "task" | "branch" | "shortCircuit" | "sensor";

export type ExternalTaskOptions =
  | (CommonOptions &
      NoneOf<GateOptions & LookOptions> & {
        /**
         * What the worker's function is: one that chooses ("branch"), lets go on or skips ("shortCircuit"), looks again and
         * again ("sensor"), or none of these. Default "task".
         */
        readonly kind?: "task";
      })
  | (CommonOptions & NoneOf<GateOptions & LookOptions> & { readonly kind: "branch" })
  | (CommonOptions & GateOptions & NoneOf<LookOptions> & { readonly kind: "shortCircuit" })
  | (CommonOptions & LookOptions & NoneOf<GateOptions> & { readonly kind: "sensor" });

/** The kinds that a task with result `R` may have: the result of a branch is its cases, that of a short circuit true or false. */
type KindsFor<R> =
  | "task"
  | "sensor"
  | ([R] extends [boolean] ? "shortCircuit" : never)
  | ([R] extends [BranchAnswer] ? (string extends CasesOf<R> ? never : "branch") : never);

/** A task with parameters `A` and result `R` whose body is elsewhere. */
export interface ExternalTask<A extends readonly unknown[], R> {
  /** With `each` among the arguments: one instance for each element. */
  <G extends MapArgs<A>>(...args: G & MustMap<G>): ResultsOf<R>;
  /** Makes a node of the DAG being wired. */
  (...args: Args<A>): Handle<R>;
  readonly id: string;
  /** The same task with other options; those not given, and its kind, stay. */
  with(options: Partial<CommonOptions & GateOptions & LookOptions>): ExternalTask<A, R>;
}

/**
 * Declares a task that workers announcing `handler` implement. The types are a promise of theirs.
 *
 * @example
 * const score = externalTask<[rows: Row[]], Score>({ handler: "score_model", queue: "python" });
 * const size = externalTask<[rows: Row[]], "big" | "small">({ handler: "size_of", kind: "branch" });
 * @throws MillraceError DAG_INVALID
 */
export function externalTask<A extends readonly unknown[], R>(
  options: ExternalTaskOptions & { readonly kind?: KindsFor<R> } & MustCarry<A> & MustCarry<R>,
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

const kinds: Readonly<Record<ExternalKind, Kind<object>>> = {
  task: work,
  branch: branching,
  shortCircuit: shortCircuiting,
  sensor: sensing,
};

const readKind = oneOf<ExternalKind>("task", "branch", "shortCircuit", "sensor");

function makeExternal<A extends readonly unknown[], R>(
  options: ExternalTaskOptions,
): ExternalTask<A, R> {
  const { kind: given = "task", ...others } = options;
  const { handler, id = handler } = others;
  const what = `task "${id}"`;
  const kind = readKind(given, `${what}: option "kind"`);
  const { settings, trait } = kinds[kind].read(others, what, readExternalOptions);
  const source = { kind: "external", id, settings, trait, handler } as const;
  const call: unknown = (...args: readonly unknown[]) => currentWiring(what).call(source, args);
  return Object.assign(call as ExternalTask<A, R>, {
    id,
    with: (more: object) =>
      makeExternal<A, R>({ ...options, ...more, kind } as ExternalTaskOptions),
  });
}
