/** Calls the body of a task, once or, of a sensor, until it is done, and says what came of it. */

import { resolveArgs } from "../args.ts";
import type { TaskCode } from "../code-of.ts";
import { runInContext } from "../context.ts";
import { withRetryPolicy, type RetryPolicy } from "../retry-policy.ts";
import type { Body } from "../wiring.ts";
import type { Attempt } from "./attempt.ts";
import { decodeInputs } from "./inputs.ts";
import type { Outcome } from "./messages.ts";
import { bodyOutcome } from "./outcome.ts";
import { runSensor, type SensorEnd, type SensorTime } from "./sensor.ts";
import { succeeded } from "./succeeded.ts";

/** The arguments of an attempt's body. @throws MillraceError VALUE_INVALID */
export function argsOf({ work, facts, items }: Attempt): unknown[] {
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
  { body, retryPolicy }: TaskCode,
  args: unknown[],
  onClock: (kind: "begun" | "looked") => void,
  time?: SensorTime,
): Promise<Outcome> {
  const call = (): Promise<unknown> => {
    onClock("begun");
    return runInContext(attempt, () => millraceCallBody(body, args));
  };
  try {
    const end = await endOf(attempt, call, () => onClock("looked"), time);
    return end.kind === "done" ? await succeeded(attempt, end.value) : end;
  } catch (thrown) {
    return thrownOutcome(attempt, retryPolicy, thrown);
  }
}

async function endOf(
  attempt: Attempt,
  call: () => Promise<unknown>,
  onLooked: () => void,
  time: SensorTime | undefined,
): Promise<SensorEnd> {
  const { sensor, taskId } = attempt.work;
  if (sensor === null) return { kind: "done", value: await call() };
  const look = (): Promise<unknown> => call().finally(onLooked);
  return await runSensor(sensor, `task "${taskId}"`, () => attempt.signal, look, time);
}

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
async function millraceCallBody(body: Body, args: unknown[]): Promise<unknown> {
  return await body(...args);
}
