/** `run`: typed references to facts of the run, usable wherever a handle is. */

import type { RunTypeName } from "@millrace/engine";
import { makeRef, type Ref } from "./handle.ts";
import type { NoParams } from "../dag/params.ts";
import type { PathKey, Referring } from "./reference.ts";

/** The params of the run: as a whole, or by name. */
export type ParamRefs<P> = Referring<P> & { readonly [K in keyof P & string]-?: Ref<P[K]> };

/** What `wire` receives. Nothing here has a value yet: pass it to tasks. */
export type Run<P = NoParams> = {
  readonly id: Ref<string>;
  /** Unique within the DAG, such as "manual__2026-01-01T00:00:00+00:00". */
  readonly name: Ref<string>;
  readonly dagId: Ref<string>;
  readonly type: Ref<RunTypeName>;
  readonly dagVersion: Ref<number>;
  /** Null for a run that was triggered without one. */
  readonly logicalDate: Ref<Date | null>;
  readonly dataInterval: { readonly start: Ref<Date | null>; readonly end: Ref<Date | null> };
  /** When the run was due. */
  readonly runAfter: Ref<Date>;
  /** The part of the data that the run is about; null for a run without one. */
  readonly partitionKey: Ref<string | null>;
  /** The day of the logical date, else of `runAfter`, in UTC: "2026-01-01". */
  readonly ds: Ref<string>;
  /** The same instant: "2026-01-01T00:00:00+00:00". */
  readonly ts: Ref<string>;
  readonly params: ParamRefs<P>;
};

/** The references of any run. */
export function makeRun<P>(): Run<P> {
  return {
    id: refTo("id"),
    name: refTo("name"),
    dagId: refTo("dagId"),
    type: refTo("type"),
    dagVersion: refTo("dagVersion"),
    logicalDate: refTo("logicalDate"),
    dataInterval: { start: refTo("dataInterval", "start"), end: refTo("dataInterval", "end") },
    runAfter: refTo("runAfter"),
    partitionKey: refTo("partitionKey"),
    ds: refTo("ds"),
    ts: refTo("ts"),
    params: makeParams<P>(),
  };
}

function refTo<T>(...path: readonly PathKey[]): Ref<T> {
  return makeRef(`run.${path.join(".")}`, { kind: "run", path });
}

/** Any text is the name of a param; symbols are what makes it a reference. */
export function makeParams<P>(): ParamRefs<P> {
  const whole = refTo("params");
  const params = new Proxy<object>(whole, {
    get: (target, key) =>
      typeof key === "string" ? refTo("params", key) : (Reflect.get(target, key) as unknown),
  });
  return params as ParamRefs<P>;
}
