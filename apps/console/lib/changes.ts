/** What a person asks to change, the calls it takes, and what they answer, gathered for the preview. */
import { TaskState } from "@millrace/wire/v1";
import type { AffectedInstance } from "@millrace/wire/v1";
import type { InstanceKey } from "./choosing.ts";
import { plural } from "./format.ts";

/** Where: some task instances of one run. */
export type ChangeTarget = {
  readonly runId: string;
  /** What people call the run. */
  readonly runName: string;
  /** Empty means the whole run. */
  readonly keys: readonly InstanceKey[];
  readonly hasLogicalDate: boolean;
};

export type Change = {
  readonly kind: "clear" | "mark";
  /** At least one. */
  readonly targets: readonly ChangeTarget[];
  /** Says what is meant, for the title: `load`, `3 tasks`, `the whole run`. */
  readonly subject: string;
  /** Only what failed, to begin with. */
  readonly onlyFailed?: boolean;
};

export type ChangeOptions = {
  readonly upstream: boolean;
  readonly downstream: boolean;
  readonly past: boolean;
  readonly future: boolean;
  readonly onlyFailed: boolean;
  /** Of a mark: the outcome. */
  readonly state: TaskState;
};

/** Runs whose changes are asked for at a time. */
const callsAtOnce = 4;

const failed: readonly TaskState[] = [TaskState.FAILED, TaskState.UPSTREAM_FAILED];

export function firstOptions(change: Change): ChangeOptions {
  const isPart = change.targets.some((target) => target.keys.length > 0);
  return {
    upstream: false,
    // What comes after a task that runs again works on what it made before.
    downstream: change.kind === "clear" && isPart && change.onlyFailed !== true,
    past: false,
    future: false,
    onlyFailed: change.onlyFailed === true,
    state: TaskState.SUCCESS,
  };
}

/** The request of one target, without its id. */
export function requestOf({ runId, keys }: ChangeTarget, options: ChangeOptions) {
  const { upstream, downstream, past, future, onlyFailed, state } = options;
  const isWhole = keys.length === 0;
  return {
    runId,
    past,
    future,
    state,
    selection: {
      instances: keys.map(({ taskId, mapIndex }) =>
        mapIndex === null ? { taskId } : { taskId, mapIndex },
      ),
      upstream: upstream && !isWhole,
      downstream: downstream && !isWhole,
      states: onlyFailed ? [...failed] : [],
    },
  };
}

export type Affected = {
  readonly affected: readonly AffectedInstance[];
  readonly affectedCount: number;
};

/** Asks for each target, a few at a time; the first refusal ends it. */
export async function forEachTarget(
  targets: readonly ChangeTarget[],
  ask: (target: ChangeTarget) => Promise<Affected>,
): Promise<Affected> {
  const affected: AffectedInstance[] = [];
  let affectedCount = 0;
  for (let at = 0; at < targets.length; at += callsAtOnce) {
    const answers = await Promise.all(targets.slice(at, at + callsAtOnce).map((one) => ask(one)));
    for (const answer of answers) {
      affected.push(...answer.affected);
      affectedCount += answer.affectedCount;
    }
  }
  return { affected, affectedCount };
}

/** One line of the preview: instances of one task of one run that are asked for, or that go with them. */
export type AffectedLine = {
  readonly runId: string;
  readonly taskId: string;
  readonly isImplied: boolean;
  /** Ascending; empty for a task that is not mapped. */
  readonly mapIndexes: readonly number[];
  readonly counts: ReadonlyMap<TaskState, number>;
};

/** In the order of the answer, which is that of the graph; what is implied stands with what is asked for. */
export function linesOf(affected: readonly AffectedInstance[]): readonly AffectedLine[] {
  const lines = new Map<
    string,
    AffectedLine & { mapIndexes: number[]; counts: Map<TaskState, number> }
  >();
  for (const { runId, taskId, isImplied, mapIndex, state } of affected) {
    const key = `${runId}/${taskId}/${isImplied}`;
    const line = lines.get(key) ?? {
      ...{ runId, taskId, isImplied },
      mapIndexes: [],
      counts: new Map<TaskState, number>(),
    };
    lines.set(key, line);
    if (mapIndex >= 0) line.mapIndexes.push(mapIndex);
    line.counts.set(state, (line.counts.get(state) ?? 0) + 1);
  }
  return [...lines.values()];
}

/** `0–3, 7, 9 and 12 more`. */
export function indexText(indexes: readonly number[]): string {
  const shownMax = 5;
  const spans: [number, number][] = [];
  for (const index of indexes.toSorted((a, b) => a - b)) {
    const last = spans.at(-1);
    if (last !== undefined && index === last[1] + 1) last[1] = index;
    else spans.push([index, index]);
  }
  const shown = spans.slice(0, shownMax);
  const words = shown
    .map(([from, to]) => (from === to ? String(from) : `${from}–${to}`))
    .join(", ");
  const rest = spans.slice(shownMax).reduce((sum, [from, to]) => sum + to - from + 1, 0);
  return rest === 0 ? words : `${words} and ${rest} more`;
}

/** `Clear 12 task instances`, `Mark 1 task instance as skipped`. */
export function actionText(change: Change, options: ChangeOptions, count: number | null): string {
  const what = count === null ? "" : ` ${plural(count, "task instance")}`;
  if (change.kind === "clear") return `Clear${what}`;
  return `Mark${what} as ${outcomeWord(options.state)}`;
}

export function outcomeWord(state: TaskState): string {
  if (state === TaskState.FAILED) return "failed";
  return state === TaskState.SKIPPED ? "skipped" : "success";
}
