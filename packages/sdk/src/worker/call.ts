/** Questions that the control plane asks a function of the bundle. */

import { encodeValue } from "../codec/codec.ts";
import type { TaskCode } from "../wiring/code-of.ts";
import { runInContext } from "../context/context.ts";
import type { Attempt } from "./attempt.ts";
import { millraceCallBody } from "./call-body.ts";
import { answerBytesMax } from "./limits.ts";
import type { CallWork, Outcome } from "./messages.ts";
import { failureOf } from "./outcome.ts";

/**
 * Calls the function. What it returns is the answer; whatever it throws is a failure. Never rejects.
 *
 * @param onBegun told when the time limit begins to count.
 */
export async function answerCall(
  attempt: Attempt,
  { name }: CallWork,
  { body }: TaskCode,
  args: unknown[],
  onBegun: () => void,
): Promise<Outcome> {
  try {
    onBegun();
    const answer = await runInContext(attempt, () => millraceCallBody(body, args));
    const what = `what the function of "${name}" returned`;
    return {
      kind: "succeeded",
      value: answer === undefined ? null : encodeValue(answer, what, answerBytesMax),
      lengths: [],
      choice: null,
      mapIndexLabel: "",
    };
  } catch (thrown) {
    return { kind: "failed", failure: failureOf(thrown, "application") };
  }
}
