/** The sentences of `explain` about other tasks: which ones an instance waits for, and by what rule. */

import { instanceState, isMapped, slotOf } from "../run/instances.ts";
import type { Limits } from "./limits.ts";
import type { Reason, ReasonKind } from "./reasons.ts";
import { plain } from "./reasons.ts";
import type { InstanceRef, Run } from "../run/run.ts";
import { spanText } from "./span-text.ts";
import type { TriggerRule } from "../spec/spec.ts";
import { TaskState, taskStateName } from "../spec/states.ts";
import type { Awaited } from "./waiting.ts";
import { openMapSources, openScope, openSetups, openUpstream, upstreamCount } from "./waiting.ts";

const namedInSentence = 5;
const namedInAll = 20;

/** What has to happen before a rule lets a task run; completes "Waits …". */
const ruleWords: Readonly<Record<TriggerRule, string>> = {
  all_success: "until all have succeeded",
  all_failed: "until all have failed",
  all_done: "until all are final",
  all_done_min_one_success: "until all are final and one has succeeded",
  all_done_setup_success: "until all are final",
  one_success: "until one has succeeded",
  one_failed: "until one has failed",
  one_done: "until one has succeeded or failed",
  none_failed: "until all have succeeded or were skipped",
  none_failed_min_one_success: "until all have succeeded or were skipped, one of them succeeded",
  none_skipped: "until all are final and none was skipped",
  all_skipped: "until all were skipped",
  always: "for nothing",
};

const stateWords: Readonly<Partial<Record<TaskState, string>>> = {
  [TaskState.none]: "not started",
  [TaskState.scheduled]: "ready, not started",
  [TaskState.restarting]: "stops, then runs again",
  [TaskState.up_for_retry]: "up for retry",
  [TaskState.up_for_reschedule]: "looks again",
  [TaskState.deferred]: "waits without a slot",
  [TaskState.awaiting_input]: "waits for a person",
};

/**
 * Why an instance that is `none` has not become ready: every kind of thing that it still waits for. Empty when it waits
 * for no task, which is so only until its run has started.
 */
export function waitingReasons(run: Run, ref: InstanceRef, limits: Limits): Reason[] {
  const { triggerRule, role } = run.dag.tasks[ref.ix]!;
  const length = isMapped(run, ref.ix) ? mapLength(run, ref, limits) : null;
  const reasons: (Reason | null)[] = [length];
  // A task of a mapped group waits for its lists alone, until it has instances or it is known that there will be none.
  const isUndecided = ref.mapIx < 0 && run.dag.mapping.frameOf[ref.ix]! >= 0 && length !== null;
  if (!isUndecided && triggerRule !== "always")
    reasons.push(upstream(run, ref, triggerRule, limits), setups(run, ref, limits));
  if (!isUndecided && role === "teardown") reasons.push(teardownScope(run, ref, limits));
  return reasons.filter((reason) => reason !== null);
}

function upstream(run: Run, ref: InstanceRef, rule: TriggerRule, limits: Limits): Reason | null {
  const open = openUpstream(run, ref);
  const all = upstreamCount(run, ref);
  const by = rule === "all_success" ? "" : ` (trigger rule ${rule}: ${ruleWords[rule]})`;
  const waiting = openCount(open);
  return about(run, open, limits, {
    kind: "upstream",
    sentence: `Waits for ${waiting} of ${all} upstream ${all === 1 ? "task" : "tasks"}${by}`,
    evidence: { waiting: String(waiting), upstream: String(all), trigger_rule: rule },
  });
}

function setups(run: Run, ref: InstanceRef, limits: Limits): Reason | null {
  const open = openSetups(run, ref);
  const count = openCount(open);
  return about(run, open, limits, {
    kind: "setup",
    sentence: `Waits for ${count} ${count === 1 ? "setup" : "setups"} that it needs`,
    evidence: { waiting: String(count) },
  });
}

function teardownScope(run: Run, ref: InstanceRef, limits: Limits): Reason | null {
  const open = openScope(run, ref);
  const count = openCount(open);
  return about(run, open, limits, {
    kind: "teardown_scope",
    sentence: `Cleans up once ${count} more ${count === 1 ? "task" : "tasks"} of its scope ${count === 1 ? "is" : "are"} final`,
    evidence: { waiting: String(count) },
  });
}

function mapLength(run: Run, ref: InstanceRef, limits: Limits): Reason | null {
  const open = openMapSources(run, ref.ix);
  return about(run, open, limits, {
    kind: "map_length",
    sentence: "It is mapped over lists that are not known yet",
    evidence: { sources: String(open.length) },
  });
}

function openCount(open: readonly Awaited[]): number {
  return open.reduce((sum, one) => sum + one.open, 0);
}

function about(
  run: Run,
  open: readonly Awaited[],
  limits: Limits,
  words: {
    readonly kind: ReasonKind;
    readonly sentence: string;
    readonly evidence: Readonly<Record<string, string>>;
  },
): Reason | null {
  if (open.length === 0) return null;
  const named = open.slice(0, namedInSentence).map((one) => nameOf(run, one, limits));
  const more = open.length > named.length ? ` and ${open.length - named.length} more` : "";
  return {
    ...plain(words.kind, `${words.sentence}: ${named.join(", ")}${more}.`, words.evidence),
    taskIds: open.slice(0, namedInAll).map(({ ix }) => run.dag.taskIds[ix]!),
  };
}

/** "load (running)"; of several instances "load (3 of 10 open)". */
function nameOf(run: Run, { ix, all, open, first }: Awaited, limits: Limits): string {
  const id = run.dag.taskIds[ix]!;
  return all > 1 ? `${id} (${open} of ${all} open)` : `${id} (${stateText(run, first, limits)})`;
}

function stateText(run: Run, ref: InstanceRef, limits: Limits): string {
  const state = instanceState(run, ref.ix, ref.mapIx);
  const text = stateWords[state] ?? taskStateName(state);
  const waits = state === TaskState.up_for_retry || state === TaskState.up_for_reschedule;
  const until = waits && slotOf(run, ref.ix, ref.mapIx) >= 0 ? limits.waitUntilOf(ref) : null;
  return until === null ? text : `${text} in ${spanText(until - limits.now)}`;
}
