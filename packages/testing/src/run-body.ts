/** Runs one body as a worker would: resolved arguments, a context, a time limit, and values through the codec. */

import type { Failure, TaskSpec } from "@millrace/engine";
import type { Body, LogFields, RunFacts, TaskContext } from "@millrace/sdk/spec";
import {
  encodeValue,
  outcomeOfThrown,
  resolveArgs,
  runInContext,
  valueOfRun,
  xcomsMax,
} from "@millrace/sdk/spec";

export type LogLine = {
  readonly taskId: string;
  readonly tryNumber: number;
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly fields: LogFields;
};

export type Attempt = {
  readonly task: TaskSpec;
  readonly tryNumber: number;
  readonly facts: RunFacts;
  /** Decoded values of the tasks that the arguments refer to. */
  readonly inputs: ReadonlyMap<string, unknown>;
  /** Aborts when the run is stopped. */
  readonly signal: AbortSignal;
  readonly onLog: (line: LogLine) => void;
};

/** Values are encoded; `value` is null when the body returned nothing. */
export type Outcome =
  | {
      readonly kind: "succeeded";
      readonly value: Uint8Array | null;
      readonly xcoms: ReadonlyMap<string, Uint8Array>;
    }
  | { readonly kind: "skipped" }
  | { readonly kind: "failed"; readonly failure: Failure };

/** Never rejects: whatever a body does is an outcome. */
export async function runBody(body: Body, attempt: Attempt): Promise<Outcome> {
  const { task } = attempt;
  const limit = timeLimit(task);
  const signal = AbortSignal.any([attempt.signal, limit.signal]);
  const xcoms = new Map<string, Uint8Array>();
  try {
    const args = resolveArgs(task.args, attempt.inputs, attempt.facts);
    const called = runInContext(contextOf(attempt, signal, xcoms), async () => body(...args));
    const value = await Promise.race([called, rejection(signal)]);
    const encoded =
      value === undefined ? null : encodeValue(value, `the result of task "${task.id}"`);
    return { kind: "succeeded", value: encoded, xcoms };
  } catch (thrown) {
    return limit.signal.aborted ? timedOut(task) : outcomeOfThrown(thrown);
  } finally {
    limit.clear();
  }
}

/** The execution timeout counts real time: a body that never returns must not hold up the test. */
function timeLimit({ executionTimeoutMs }: TaskSpec): { signal: AbortSignal; clear(): void } {
  const controller = new AbortController();
  if (executionTimeoutMs === null) return { signal: controller.signal, clear: () => undefined };
  const timer = setTimeout(() => controller.abort(), Math.min(executionTimeoutMs, longestTimerMs));
  return { signal: controller.signal, clear: () => clearTimeout(timer) };
}

const longestTimerMs = 2 ** 31 - 1;

function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = () => reject(signal.reason as Error);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}

function timedOut(task: TaskSpec): Outcome {
  const message = `The attempt took longer than its execution timeout of ${(task.executionTimeoutMs ?? 0) / 1000} s.`;
  return {
    kind: "failed",
    failure: { kind: "timeout", type: "", message, stack: "", retryable: true },
  };
}

function contextOf(
  attempt: Attempt,
  signal: AbortSignal,
  xcoms: Map<string, Uint8Array>,
): TaskContext {
  const { task, tryNumber, facts, onLog } = attempt;
  const write =
    (level: LogLine["level"]) =>
    (message: string, fields: LogFields = {}) =>
      onLog({ taskId: task.id, tryNumber, level, message, fields });
  return {
    run: valueOfRun(facts),
    task: { id: task.id, mapIndex: null },
    attempt: { number: tryNumber, max: task.retries + 1 },
    params: facts.params as Readonly<Record<string, unknown>>,
    log: { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") },
    signal,
    xcom: { push: (key, value) => pushXCom(xcoms, task, key, value) },
    fencing: String(tryNumber),
    idempotencyKey: `${facts.id}/${task.id}`,
  };
}

function pushXCom(
  xcoms: Map<string, Uint8Array>,
  task: TaskSpec,
  key: string,
  value: unknown,
): void {
  if (key === "return_value" || key === "" || key.length > 250)
    throw new RangeError(
      `xcom key "${key}" is not allowed: write 1 to 250 characters, not "return_value"`,
    );
  if (!xcoms.has(key) && xcoms.size >= xcomsMax)
    throw new RangeError(`an attempt leaves at most ${xcomsMax} values`);
  xcoms.set(key, encodeValue(value, `xcom "${key}" of task "${task.id}"`));
}
