/** The trigger rules, as predicates on counters: constant time, however much is before a task (semantics 2.2-2.3). */

import type { TriggerRule } from "../spec/spec.ts";

/** How many of the instances directly before one are in which final state. */
export type UpstreamCounts = {
  /** Final or not. */
  readonly upstream: number;
  readonly success: number;
  readonly failed: number;
  readonly upstreamFailed: number;
  readonly skipped: number;
  readonly removed: number;
  /** The setups among them, for all_done_setup_success. They count above too. */
  readonly setups: number;
  readonly setupSuccess: number;
  readonly setupSkipped: number;
};

/** What a rule says: run now, never run, or it depends on what is not final yet. */
export type Judgement = "run" | "wait" | "skip" | "upstream_failed";

/**
 * Judges an instance. Phase A of semantics 2.2, the verdicts that need not wait, goes before phase B, whether it may run.
 *
 * `removed` instances are as if they were not there. Airflow counts them against tasks that are not mapped, which then
 * wait for ever (the cells "wait" under S R, K R and R R in appendix A.1).
 */
export function judge(rule: TriggerRule, counts: UpstreamCounts): Judgement {
  return counts.upstream === 0 ? "run" : judgeUpstream(rule, counts);
}

function judgeUpstream(rule: TriggerRule, counts: UpstreamCounts): Judgement {
  const { upstream, success, failed, upstreamFailed, skipped, removed } = counts;
  const bad = failed + upstreamFailed;
  const isDone = success + bad + skipped + removed >= upstream;
  const runWhenDone = isDone ? "run" : "wait";
  switch (rule) {
    case "all_success":
      if (bad > 0) return "upstream_failed";
      return skipped > 0 ? "skip" : runWhenDone;
    case "all_failed":
      return success > 0 || skipped > 0 ? "skip" : runWhenDone;
    case "all_done":
      return runWhenDone;
    case "all_done_min_one_success":
      if (skipped > 0) return "skip";
      return isDone && success === 0 ? "upstream_failed" : runWhenDone;
    case "all_done_setup_success":
      return isDone ? judgeSetups(counts) : "wait";
    case "one_success":
      if (success > 0) return "run";
      if (!isDone) return "wait";
      return skipped === upstream ? "skip" : "upstream_failed";
    case "one_failed":
      if (bad > 0) return "run";
      return isDone ? "skip" : "wait";
    case "one_done":
      if (success + failed > 0) return "run";
      return isDone ? "skip" : "wait";
    case "none_failed":
      return bad > 0 ? "upstream_failed" : runWhenDone;
    case "none_failed_min_one_success":
      if (bad > 0) return "upstream_failed";
      return isDone && success === 0 ? "skip" : runWhenDone;
    case "none_skipped":
      return skipped > 0 ? "skip" : runWhenDone;
    case "all_skipped":
      return success > 0 || bad > 0 ? "skip" : runWhenDone;
    case "always":
      return "run";
  }
}

/** The rule of teardowns: with setups before it, one of them must have succeeded. */
function judgeSetups({ setups, setupSuccess, setupSkipped }: UpstreamCounts): Judgement {
  if (setups === 0 || setupSuccess > 0) return "run";
  return setupSkipped >= setups ? "skip" : "upstream_failed";
}

/** The setups that an instance needs and that are not directly before it. */
export type NeededCounts = {
  readonly needed: number;
  readonly success: number;
  readonly failed: number;
  readonly skipped: number;
  readonly removed: number;
};

/** An all_success of their own, whatever the instance's rule is (semantics 2.4). */
export function judgeNeeded({
  needed,
  success,
  failed,
  skipped,
  removed,
}: NeededCounts): Judgement {
  if (failed > 0) return "upstream_failed";
  if (skipped > 0) return "skip";
  return success + removed >= needed ? "run" : "wait";
}
