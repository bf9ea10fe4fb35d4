/** What runs of a DAG begin with: copied for each, or shared by all where nothing is mapped, because it never changes then. */

import type { MappingPlan } from "./mapping.ts";
import type { Agenda } from "../run/run-data.ts";
import type { TaskSpec } from "../spec/spec.ts";

export type BlankRun = {
  /** Whether nothing is mapped. */
  readonly isPlain: boolean;
  /** `Instances.first` and `Instances.count`. */
  readonly first: Int32Array;
  readonly count: Int32Array;
  /** By task -1, and by task 0. */
  readonly none: Int32Array;
  readonly zero: Int32Array;
  /** The agenda of all runs: nothing stays on it from one event to the next. */
  readonly agenda: Agenda;
};

export function blankRunOf(tasks: readonly TaskSpec[], mapping: MappingPlan): BlankRun {
  const isMapped = (ix: number): boolean => mapping.frameOf[ix]! >= 0 || mapping.ownUnit[ix]! >= 0;
  return {
    isPlain: mapping.units.length === 0,
    first: Int32Array.from(tasks, (_, ix) => (isMapped(ix) ? -1 : ix)),
    count: Int32Array.from(tasks, (_, ix) => (isMapped(ix) ? -1 : 1)),
    none: new Int32Array(tasks.length).fill(-1),
    zero: new Int32Array(tasks.length),
    agenda: { heap: [], isQueued: new Uint8Array(tasks.length), cells: new Map() },
  };
}
