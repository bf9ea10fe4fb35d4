/** DAG definitions: what a file exports, and what bundlers, workers and tests take from it. */

import { MillraceError, validateDagSpec, type DagSpec } from "@millrace/engine";
import type { Body } from "../wiring/body.ts";
import { callPlaceOf } from "../wiring/call-place.ts";
import { callbackAt, callbackPlaceOf } from "../callback/callback-options.ts";
import type { CallbackFunction } from "../callback/callback.ts";
import { compileWiring, settingsOf, type WiredParts } from "../wiring/compile.ts";
import { readDagOptions, type DagOptions, type DagSettings } from "./dag-options.ts";
import { firstDifference } from "./difference.ts";
import type { AnyHandle } from "../wiring/handle.ts";
import { makeRun, type Run } from "../wiring/run-refs.ts";
import type { ParamsGivenOf, ParamsOf, ParamsSchema } from "./params.ts";
import { placeOfCall } from "../wiring/place.ts";
import type { RetryPolicy } from "../task/retry-policy.ts";
import type { TaskTarget } from "../task/target.ts";
import type { TimetableFunction } from "./timetable.ts";
import { recordWiring, type Wiring } from "../wiring/wiring.ts";

export const dagMark: unique symbol = Symbol.for("millrace.dag");

/** What a spec says beyond options and wiring: where it came from. */
export type SpecOrigin = Partial<Pick<DagSpec, "file" | "source" | "bundleDigest" | "docs">>;

/**
 * A DAG as a file exports it. `Given` is the type of the params that `trigger` takes, `Result` that of the value that a
 * run results in.
 */
export interface DagDefinition<in Given = never, out Result = unknown> {
  readonly id: string;
  /**
   * Compiles the DAG: runs its wire function twice, and refuses it when the two differ.
   *
   * @param origin file, source and bundle; `docs` is used where the options give none.
   * @throws MillraceError DAG_INVALID, DAG_HAS_CYCLE and other reasons of registration.
   */
  spec(origin?: SpecOrigin): DagSpec;
  /** For workers, of this and other copies of this package. `given` and `result` exist for the compiler only. */
  readonly [dagMark]: {
    readonly bodyOf: (handler: string) => Body | undefined;
    readonly retryPolicyOf: (handler: string) => RetryPolicy | undefined;
    readonly resumeOf: (handler: string) => Body | undefined;
    readonly targetOf: (handler: string) => TaskTarget | undefined;
    readonly callbackOf: (handler: string) => CallbackFunction | undefined;
    readonly calledOf: (handler: string) => Body | undefined;
    readonly timetable: TimetableFunction | null;
    readonly given?: (params: Given) => void;
    readonly result?: Result;
  };
}

/** The value a run results in: that of the handle that the wire function returns. */
export type ResultOf<W> = [W] extends [AnyHandle<infer T>] ? T : undefined;

/** What an async function gives instead of a wiring. */
type MustWireAtOnce<W> =
  W extends PromiseLike<unknown>
    ? { readonly "wire must not be async": "move what it awaits into a task" }
    : unknown;

/**
 * Defines a DAG.
 *
 * `wire` runs when the DAG is compiled, more than once: it may only call tasks and order them. When it returns the handle
 * of a task, that task's value is the run's result.
 *
 * @example
 * export default dag("etl", { schedule: "@daily" }, (run) => {
 *   load(transform(extract(run.ds)));
 * });
 * @throws MillraceError DAG_INVALID for an unknown option or a wrong value.
 */
export function dag<const S extends ParamsSchema | undefined = undefined, W = void>(
  id: string,
  options: DagOptions<S>,
  wire: ((run: Run<ParamsOf<S>>) => W) & MustWireAtOnce<W>,
): DagDefinition<ParamsGivenOf<S>, ResultOf<W>> {
  if (typeof wire !== "function") {
    const place = placeOfCall(dag);
    throw new MillraceError(
      "DAG_INVALID",
      `dag("${id}", …) at ${place} needs a wire function as its third argument`,
    );
  }
  return makeDag(id, options, () => wire(makeRun()));
}

/** A definition around any way of wiring. */
export function makeDag<Given, Result>(
  id: string,
  options: DagOptions<ParamsSchema | undefined>,
  wire: () => unknown,
): DagDefinition<Given, Result> {
  const settings = readDagOptions(id, options);
  const { schedule } = settings.spec;
  const record = () => recordWiring({ dagId: id, schedule }, wire);
  // Wired when asked for: a worker that loads many DAGs wires only those it runs, and only once.
  let recorded: Wiring | undefined;
  const wiring = () => (recorded ??= record());
  let compiled: WiredParts | undefined;
  const compile = () => (compiled ??= compileTwice(settings, wiring(), record));
  return {
    id,
    spec: (origin = {}) => specOf(settings, compile(), origin),
    [dagMark]: {
      bodyOf: (handler) => {
        const source = wiring().nodes.get(handler)?.source;
        return source?.kind === "bundle" ? source.body : undefined;
      },
      retryPolicyOf(handler) {
        const node = wiring().nodes.get(handler);
        return node && settingsOf(node, settings.defaults).retryPolicy;
      },
      resumeOf: (handler) => wiring().nodes.get(handler)?.source.settings.resume,
      targetOf: (handler) => wiring().nodes.get(handler)?.source.settings.target,
      callbackOf(handler) {
        const place = callbackPlaceOf(handler);
        if (place === null) return undefined;
        if (place.owner === "") return callbackAt(settings.callbacks, place);
        const node = wiring().nodes.get(place.owner);
        return node && callbackAt(settingsOf(node, settings.defaults), place);
      },
      timetable: settings.timetable,
      calledOf(handler) {
        const place = callPlaceOf(handler);
        if (place === null) return undefined;
        if (place.owner === "") return settings.called[place.option];
        const node = place.option === "dependsOnPast" ? wiring().nodes.get(place.owner) : undefined;
        return node && settingsOf(node, settings.defaults).decidePast;
      },
    },
  };
}

function compileTwice(settings: DagSettings, wiring: Wiring, record: () => Wiring): WiredParts {
  const { dagId } = settings.spec;
  const parts = compileWiring(wiring, settings.defaults);
  const again = compileWiring(record(), settings.defaults);
  const difference = firstDifference(parts, again);
  if (difference === null) return parts;
  throw new MillraceError(
    "DAG_INVALID",
    `DAG "${dagId}" compiles differently each time: ${difference}. ` +
      "Take dates, random values and files out of the wire function, or pass them through params",
    { metadata: { field: "wire" } },
  );
}

function specOf(settings: DagSettings, parts: WiredParts, origin: SpecOrigin): DagSpec {
  const { docs = "", ...place } = origin;
  const spec: DagSpec = {
    file: "",
    source: "",
    bundleDigest: null,
    ...settings.spec,
    ...parts,
    ...place,
    docs: settings.spec.docs === "" ? docs : settings.spec.docs,
  };
  const [problem] = validateDagSpec(spec);
  if (problem === undefined) return spec;
  throw new MillraceError(problem.reason, problem.message, {
    metadata: { field: problem.field, value: problem.value },
  });
}
