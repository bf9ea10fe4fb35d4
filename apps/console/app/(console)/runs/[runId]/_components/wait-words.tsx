"use client";
import type { Attempt, TaskInstance } from "@millrace/wire/v1";
import { useInputRequests } from "../../../../../components/input/use-input-requests.ts";
import { Elapsed } from "../../../../../components/time.tsx";
import { msOf } from "../../../../../lib/format.ts";
import { requestsOf, timeoutAnswerer } from "../../../../../lib/input-requests.ts";
import { waitAfter, waitSubject } from "../../../../../lib/waiting.ts";
import type { TaskRequest } from "./task-request.ts";

type Props = {
  readonly request: TaskRequest;
  readonly attempt: Attempt;
  readonly attempts: readonly Attempt[];
  readonly task: TaskInstance;
};

/** Of an attempt that gave its slot back: what it waited for, for how long, and who ended it. */
export function WaitWords({ request, attempt, attempts, task }: Props) {
  const wait = waitAfter(attempt, attempts, task);
  const { data } = useInputRequests(request.runId, { isWanted: wait?.isInput === true });
  if (wait === null) return null;
  const { taskId, mapIndex = -1 } = request;
  const asked = requestsOf(data?.inputRequests ?? [], { taskId, mapIndex }).find(
    ({ tryNumber }) => tryNumber === attempt.tryNumber,
  );
  const { from, isOpen } = wait;
  // The answer ends the wait, whenever a worker goes on with it.
  const to = isOpen ? null : (msOf(asked?.endedAt) ?? wait.to);
  const subject = isOpen ? waitSubject(task.waiting) : (asked?.form?.subject ?? "");
  const by = asked?.answeredBy ?? "";
  return (
    <>
      Gave its slot back and {isOpen ? "has waited" : "waited"}{" "}
      {(isOpen || to !== null) && <Elapsed from={from} to={to} />} for{" "}
      {wait.isInput ? (
        <>
          an answer
          {subject !== "" && <> to “{subject}”</>}
        </>
      ) : subject === "" ? (
        "what it had asked for"
      ) : (
        subject
      )}
      {by !== "" && (by === timeoutAnswerer ? ", until the time was over" : `, from ${by}`)}.
    </>
  );
}
