/**
 * The tables of semantics 2.2 and 2.3, one line for each of theirs, but for what is `removed`: that is as if it were not
 * there, for mapped tasks and others. A line of 2.2 that removes an instance because its index is beyond the number of
 * upstream successes is left out: who has fewer elements than before is found by counting those (6.4).
 */

import type { TriggerRule } from "../../spec/spec.ts";
import type { TaskStateName } from "../../spec/states.ts";

/** What semantics 2.1 counts among the task instances directly before one. */
export type Tally = {
  readonly upstream: number;
  readonly success: number;
  readonly skipped: number;
  readonly failed: number;
  readonly upstreamFailed: number;
  readonly removed: number;
  readonly upstreamSetup: number;
  readonly successSetup: number;
  readonly skippedSetup: number;
};

export type Eager = "upstream_failed" | "skipped" | null;

export function tallyOf(
  relevant: readonly { readonly state: TaskStateName; readonly isSetup: boolean }[],
): Tally {
  const count = (state: TaskStateName, setupsOnly = false): number =>
    relevant.filter((one) => one.state === state && (one.isSetup || !setupsOnly)).length;
  return {
    upstream: relevant.length,
    success: count("success"),
    skipped: count("skipped"),
    failed: count("failed"),
    upstreamFailed: count("upstream_failed"),
    removed: count("removed"),
    upstreamSetup: relevant.filter((one) => one.isSetup).length,
    successSetup: count("success", true),
    skippedSetup: count("skipped", true),
  };
}

/** Semantics 2.2: what becomes of it before it could run; null for nothing yet. */
export function phaseA(rule: TriggerRule, of: Tally): Eager {
  const { upstream, success, skipped, failed, upstreamFailed: uf, removed } = of;
  const { upstreamSetup, successSetup, skippedSetup } = of;
  const done = success + skipped + failed + uf + removed;
  const allDone = done >= upstream;
  switch (rule) {
    case "all_success":
      if (failed > 0 || uf > 0) return "upstream_failed";
      return skipped > 0 ? "skipped" : null;
    case "all_failed":
      return success > 0 || skipped > 0 ? "skipped" : null;
    case "all_done":
    case "always":
      return null;
    case "all_done_min_one_success":
      if (skipped > 0) return "skipped";
      return allDone && success === 0 ? "upstream_failed" : null;
    case "all_done_setup_success":
      if (!allDone || upstreamSetup === 0) return null;
      if (skippedSetup >= upstreamSetup) return "skipped";
      return successSetup === 0 ? "upstream_failed" : null;
    case "one_success":
      if (!allDone) return null;
      if (done === skipped) return "skipped";
      return success === 0 ? "upstream_failed" : null;
    case "one_failed":
      return allDone && failed === 0 && uf === 0 ? "skipped" : null;
    case "one_done":
      return allDone && failed === 0 && success === 0 ? "skipped" : null;
    case "none_failed":
      return failed > 0 || uf > 0 ? "upstream_failed" : null;
    case "none_failed_min_one_success":
      if (failed > 0 || uf > 0) return "upstream_failed";
      return allDone && success === 0 ? "skipped" : null;
    case "none_skipped":
      return skipped > 0 ? "skipped" : null;
    case "all_skipped":
      return success > 0 || failed > 0 || uf > 0 ? "skipped" : null;
  }
}

/** Semantics 2.3. */
export function phaseB(rule: TriggerRule, of: Tally): boolean {
  const { upstream, success, skipped, failed, upstreamFailed: uf, removed } = of;
  const { upstreamSetup, successSetup } = of;
  const done = success + skipped + failed + uf + removed;
  switch (rule) {
    case "all_success":
      return upstream - success - removed <= 0;
    case "all_failed":
      return upstream - failed - uf - removed <= 0;
    case "all_done":
      return done >= upstream;
    case "all_done_min_one_success":
      return skipped === 0 && done >= upstream && success > 0;
    case "all_done_setup_success":
      return done >= upstream && (upstreamSetup === 0 || successSetup > 0);
    case "one_success":
      return success > 0;
    case "one_failed":
      return failed > 0 || uf > 0;
    case "one_done":
      return success + failed > 0;
    case "none_failed":
    case "none_failed_min_one_success":
      return upstream - success - skipped - removed <= 0;
    case "none_skipped":
      return done >= upstream && skipped === 0;
    case "all_skipped":
      return upstream - skipped - removed <= 0;
    case "always":
      return true;
  }
}
