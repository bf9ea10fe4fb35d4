/** Setups, teardowns and the run's result, by numbers: made once for a DAG version (semantics 1.6, 2.4, 7.7). */

import { arrowsOf } from "./cycle.ts";
import type { DagArrows } from "./arrows.ts";
import { childrenOf, parentsOf, reachedBack, reachedFrom } from "./arrows.ts";
import type { LinkKind } from "./tally.ts";
import { linkKind } from "./tally.ts";

/** What a task is to one after it, beside being upstream. */
export type Link = { readonly from: number; readonly kind: LinkKind };

export type ScopePlan = {
  /** By task, compressed like arrows: tasks for which it is more than upstream, and what it is to them. */
  readonly linkOffsets: Int32Array;
  readonly linkTargets: Int32Array;
  readonly linkKinds: Uint8Array;
  /** The same from the other end, of the tasks that have any. */
  readonly sourcesOf: ReadonlyMap<number, readonly Link[]>;
  /** By task: 1 when it has a wide tally. */
  readonly isScoped: Uint8Array;
  /** Of a task that needs setups: these, directly before it or not. */
  readonly setupsOf: ReadonlyMap<number, readonly number[]>;
  /** Of a setup: its teardowns. */
  readonly teardownsOf: ReadonlyMap<number, readonly number[]>;
  /** The tasks that decide the run's result. */
  readonly leaves: Int32Array;
};

export function scopePlanOf(arrows: DagArrows): ScopePlan {
  const { tasks } = arrows;
  const from: number[] = [];
  const to: number[] = [];
  const kinds: LinkKind[] = [];
  const link = (source: number, target: number, kind: LinkKind): void => {
    from.push(source);
    to.push(target);
    kinds.push(kind);
  };
  const setupsOf = new Map<number, number[]>();
  const teardownsOf = new Map<number, number[]>();
  for (const [ix, { role }] of tasks.entries()) {
    if (role === "setup") planSetup(arrows, ix, { setupsOf, teardownsOf, link });
    if (role === "teardown") planTeardown(arrows, ix, link);
  }
  const offsets = arrowsOf(tasks.length, from, to);
  const sourcesOf = new Map<number, Link[]>();
  for (const [at, target] of to.entries()) {
    const one = { from: from[at]!, kind: kinds[at]! };
    const known = sourcesOf.get(target);
    if (known) known.push(one);
    else sourcesOf.set(target, [one]);
  }
  return {
    linkOffsets: offsets.offsets,
    linkTargets: offsets.targets,
    linkKinds: Uint8Array.from(arrowsOf(tasks.length, from, kinds).targets),
    sourcesOf,
    isScoped: Uint8Array.from(tasks, ({ triggerRule }, ix) =>
      sourcesOf.has(ix) || triggerRule === "all_done_setup_success" ? 1 : 0,
    ),
    setupsOf,
    teardownsOf,
    leaves: leavesOf(arrows),
  };
}

/**
 * A setup is needed by everything after it, up to its teardowns: what comes after a teardown needs it no more. Without a
 * teardown everything after it needs it (semantics 2.4).
 */
function planSetup(
  arrows: DagArrows,
  setup: number,
  into: {
    setupsOf: Map<number, number[]>;
    teardownsOf: Map<number, number[]>;
    link(source: number, target: number, kind: LinkKind): void;
  },
): void {
  const { tasks } = arrows;
  const direct = new Set(childrenOf(arrows, setup));
  const teardowns = [...direct].filter((ix) => tasks[ix]!.role === "teardown");
  if (teardowns.length > 0) into.teardownsOf.set(setup, teardowns);
  const last = teardowns.length > 0 ? Math.max(...teardowns) : tasks.length - 1;
  const after = reachedFrom(arrows, [setup], last);
  const before = teardowns.length > 0 ? reachedBack(arrows, teardowns, setup) : after;
  for (const ix of after) {
    if (ix === setup) continue;
    const { role, triggerRule } = tasks[ix]!;
    if (direct.has(ix) && (role === "teardown" || triggerRule === "all_done_setup_success"))
      into.link(setup, ix, linkKind.setup);
    if (role === "teardown" || !before.has(ix)) continue;
    const needs = into.setupsOf.get(ix);
    if (needs) needs.push(setup);
    else into.setupsOf.set(ix, [setup]);
    if (!direct.has(ix)) into.link(setup, ix, linkKind.needed);
  }
}

/** In the scope of a teardown is what is between it and the setups directly before it (semantics 2.4). */
function planTeardown(
  arrows: DagArrows,
  teardown: number,
  link: (source: number, target: number, kind: LinkKind) => void,
): void {
  const direct = new Set(parentsOf(arrows, teardown));
  const setups = [...direct].filter((ix) => arrows.tasks[ix]!.role === "setup");
  if (setups.length === 0) return;
  const before = reachedBack(arrows, [teardown], Math.min(...setups));
  const after = reachedFrom(arrows, setups, teardown);
  for (const ix of before)
    if (ix !== teardown && after.has(ix) && !direct.has(ix)) link(ix, teardown, linkKind.scope);
}

/**
 * Tasks after which nothing comes, teardowns left out that cannot fail the run: neither are they leaves themselves, nor
 * do they keep what is before them from being one. With nothing but such teardowns, those at the end (semantics 1.6).
 */
function leavesOf(arrows: DagArrows): Int32Array {
  const { tasks } = arrows;
  const isIgnored = (ix: number): boolean => tasks[ix]!.role === "teardown" && !tasks[ix]!.failsRun;
  const all = tasks.map((_, ix) => ix);
  const leaves = all.filter((ix) => !isIgnored(ix) && childrenOf(arrows, ix).every(isIgnored));
  return Int32Array.from(
    leaves.length > 0 ? leaves : all.filter((ix) => childrenOf(arrows, ix).length === 0),
  );
}
