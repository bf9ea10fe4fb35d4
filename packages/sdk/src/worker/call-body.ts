/** Calls the body of a task, once or, of a sensor, until it is done, and says what came of it. */

import { done } from "../task/answers.ts";
import { resolveArgs } from "../context/args.ts";
import type { TaskCode } from "../wiring/code-of.ts";
import { runInContext } from "../context/context.ts";
import { deferralOf, hasDeferred } from "../waiting/deferral.ts";
import { withRetryPolicy, type RetryPolicy } from "../task/retry-policy.ts";
import type { Body } from "../wiring/body.ts";
import type { Attempt } from "./attempt.ts";
import { deferred } from "./deferred.ts";
import { decodeInputs } from "./inputs.ts";
import type { Outcome } from "./messages.ts";
import { bodyOutcome, plainFailure } from "./outcome.ts";
import type { TaskTarget } from "../task/target.ts";
import { existing, missing } from "./target.ts";
import { runSensor, type SensorEnd, type SensorTime } from "./sensor.ts";
import { succeeded } from "./succeeded.ts";

/**
 * The arguments of an attempt's body; none when it only goes on after a wait and makes no target.
 *
 * @throws MillraceError VALUE_INVALID
 */
export function argsOf({ work, facts, items }: Attempt, target?: TaskTarget): unknown[] {
  if (work.resumption !== null && work.sensor === null && target === undefined) return [];
  const inputs = decodeInputs(work.inputs, (taskId) => `the result of task "${taskId}"`);
  return resolveArgs(work.args, inputs, facts, items);
}

/**
 * Never rejects.
 *
 * @param onClock told when the time limit begins to count, and of a sensor when it rests.
 * @param time what a sensor goes by. Default: the machine's.
 */
export async function callBody(
  attempt: Attempt,
  code: TaskCode,
  args: unknown[],
  onClock: (kind: "begun" | "looked") => void,
  time?: SensorTime,
): Promise<Outcome> {
  const { target } = code;
  const hasToLook = target !== undefined && attempt.work.resumption === null;
  const run = (body: Body, given: unknown[]): Promise<unknown> => {
    // Of a task with a target the clock runs from the look at it.
    if (!hasToLook) onClock("begun");
    return runInContext(attempt, () => millraceCallBody(body, given));
  };
  // Only the first call goes on after a wait: a sensor that is not done then looks again.
  let first = goingOn(attempt, code);
  const call = (): Promise<unknown> => {
    const { body, given } = first ?? { body: code.body, given: args };
    first = null;
    return run(body, given);
  };
  try {
    if (hasToLook) {
      onClock("begun");
      const found = await existing(attempt, target, args);
      if (found !== null) return await succeeded(attempt, found.value);
    }
    const end = await endOf(attempt, call, () => onClock("looked"), time);
    if (end.kind === "done") {
      const lack = target?.isChecked === true ? await missing(attempt, target, args) : null;
      return lack ?? (await succeeded(attempt, end.value));
    }
    if (end.kind !== "deferral") return end;
    const goesOn = code.resume !== undefined || target?.isChecked === true;
    return await deferred(attempt.work, end.request, goesOn, end.rest);
  } catch (thrown) {
    if (thrown instanceof Forgotten) return forgotten;
    return thrownOutcome(attempt, code.retryPolicy, thrown);
  }
}

/** What goes on after a wait, and what it gets; null when the body begins. @throws MillraceError VALUE_INVALID */
function goingOn(
  { work }: Attempt,
  { resume }: TaskCode,
): { readonly body: Body; readonly given: unknown[] } | null {
  const { resumption, sensor } = work;
  if (resumption === null) return null;
  const { event, state } = resumption;
  const brought = decodeInputs(
    { ...(event !== null && { event }), ...(state !== null && { state }) },
    (key) => `the ${key} that task "${work.taskId}" goes on with`,
  );
  const isDone: Body = (what) => (sensor === null ? what : done(what));
  return { body: resume ?? isDone, given: [brought.get("event"), brought.get("state")] };
}

async function endOf(
  attempt: Attempt,
  call: () => Promise<unknown>,
  onLooked: () => void,
  time: SensorTime | undefined,
): Promise<SensorEnd> {
  const { sensor, taskId } = attempt.work;
  if (sensor === null) {
    const value = await call();
    const request = deferralOf(value);
    if (request !== null) return { kind: "deferral", request, rest: null };
    return value === undefined && hasDeferred(attempt) ? forgotten : { kind: "done", value };
  }
  const look = async (): Promise<unknown> => {
    const answer = await call().finally(onLooked);
    // Nothing means "not yet" here: it would look on, and never wait.
    if (answer === undefined && hasDeferred(attempt)) throw new Forgotten();
    return answer;
  };
  return await runSensor(sensor, `task "${taskId}"`, () => attempt.signal, look, time);
}

/** A sensor called `defer` and returned nothing. */
class Forgotten extends Error {}

const forgotten: Exclude<SensorEnd, { kind: "done" | "deferral" }> = {
  kind: "failed",
  failure: plainFailure(
    "application",
    "The body called defer(…) and returned nothing, so it would not wait: write return defer(…).",
    false,
  ),
};

function thrownOutcome(
  attempt: Attempt,
  policy: RetryPolicy | undefined,
  thrown: unknown,
): Outcome {
  const { sensor, tryNumber } = attempt.work;
  const outcome = bodyOutcome(thrown);
  if (outcome.kind !== "failed") return outcome;
  // Only FailTask says of an error that no retry can help.
  if (sensor?.softFail === true && !outcome.failure.retryable)
    return { kind: "skipped", message: outcome.failure.message };
  const asked = policy && loggedPolicy(attempt, policy);
  const ask = () => withRetryPolicy(asked, thrown, tryNumber, outcome.failure);
  return { kind: "failed", failure: runInContext(attempt, ask) };
}

/** The failure says only that the policy threw; its author needs to see where. */
function loggedPolicy({ lines }: Attempt, policy: RetryPolicy): RetryPolicy {
  return (error, tryNumber) => {
    try {
      return policy(error, tryNumber);
    } catch (own) {
      const text = own instanceof Error ? (own.stack ?? own.message) : String(own);
      lines.add("warn", "system", `The retry policy threw, and changes nothing: ${text}`);
      throw own;
    }
  };
}

/** Its name marks in stacks where the user's frames end; see `outcome.ts`. */
export async function millraceCallBody(body: Body, args: unknown[]): Promise<unknown> {
  return await body(...args);
}
