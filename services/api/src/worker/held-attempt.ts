/** Whether an attempt is the business of the worker that names it. */

import { readAttemptHolder, type AttemptHolder } from "@millrace/db";
import { MillraceError, TaskState } from "@millrace/engine";
import { parseAttemptId, type AttemptRef } from "@millrace/wire";
import type { WorkerContext } from "./context.ts";
import type { WorkerSession } from "./session.ts";

export type HeldAttempt = { readonly ref: AttemptRef; readonly holder: AttemptHolder };

/**
 * An attempt that the session holds, or an older session of the same worker, or one that is over: its worker may have a
 * result all the same. Watches and callbacks are bound in their owner's memory alone; of these the wait, or the run, counts.
 *
 * @throws MillraceError ATTEMPT_UNKNOWN
 */
export async function requireHeldAttempt(
  { db }: WorkerContext,
  session: WorkerSession,
  attemptId: string,
): Promise<HeldAttempt> {
  const ref = parseAttemptId(attemptId);
  const holder = ref && (await readAttemptHolder(db, ref));
  if (ref === null || holder === null || !isHeld(ref, holder, session))
    throw new MillraceError(
      "ATTEMPT_UNKNOWN",
      "This session holds no attempt with this id: it has ended, or is another worker's by now.",
    );
  return { ref, holder };
}

const running: readonly (TaskState | null)[] = [
  TaskState.scheduled,
  TaskState.running,
  TaskState.restarting,
];
const waiting: readonly (TaskState | null)[] = [TaskState.deferred, TaskState.awaiting_input];

function isHeld(
  { of, attempt }: AttemptRef,
  holder: AttemptHolder,
  session: WorkerSession,
): boolean {
  if (typeof of === "object") return true;
  if (holder.attempt !== attempt) return false;
  if (of === "watch") return waiting.includes(holder.state);
  const isOwn = holder.session_key === session.key || holder.worker_name === session.workerName;
  return running.includes(holder.state) && (isOwn || holder.is_session_over);
}
