"use client";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { TaskState } from "@millrace/wire/v1";
import type { Attempt, GetTaskInstanceResponse, TaskInstance } from "@millrace/wire/v1";
import { Button } from "../../../../../components/button.tsx";
import { Unanswered } from "../../../../../components/faces.tsx";
import { FailureBox } from "../../../../../components/failure-box.tsx";
import { StateBadge } from "../../../../../components/state-glyph.tsx";
import { Countdown, Elapsed, Time } from "../../../../../components/time.tsx";
import { formatCount, msOf, plural } from "../../../../../lib/format.ts";
import { attemptFace } from "../../../../../lib/states.ts";
import { useUrlState } from "../../../../../lib/use-url-state.ts";
import { attemptStart, isDeferred } from "../../../../../lib/waiting.ts";
import type { TaskRequest } from "./task-request.ts";
import { WaitWords } from "./wait-words.tsx";

type Props = {
  readonly request: TaskRequest;
  readonly live: TaskInstance | null;
  readonly query: UseQueryResult<GetTaskInstanceResponse>;
  /** Further attempts that its code allows; null while that is not known. */
  readonly retries: number | null;
};

/** Facts of the task instance, and each of its attempts with what went wrong. */
export function DetailsTab({ request, live, query, retries }: Props) {
  const task = live ?? query.data?.taskInstance;
  if (task === undefined) {
    return <Unanswered query={query} what="The task could not be read" rows={6} />;
  }
  const attempts = query.data?.attempts.toReversed() ?? [];
  return (
    <div className="space-y-5">
      <dl className="grid grid-cols-[7rem_1fr] gap-y-1.5">
        <Fact name="Queue">{task.queue === "" ? "default" : task.queue}</Fact>
        <Fact name="Worker">{task.worker === "" ? "–" : task.worker}</Fact>
        <Fact name="Attempt">
          {task.tryNumber === 0 ? "–" : `${task.tryNumber} of ${formatCount(task.maxTries)}`}
          <Uncounted task={task} retries={retries} />
        </Fact>
        <Fact name="Ready">
          <Time at={msOf(task.readyAt)} isAbsolute />
        </Fact>
        <Fact name="Started">
          <Time at={msOf(task.startedAt)} isAbsolute />
        </Fact>
        <Fact name="Ended">
          <Time at={msOf(task.endedAt)} isAbsolute />
        </Fact>
        {task.state === TaskState.UP_FOR_RETRY && (
          <Fact name="Next attempt">
            <RetryTime at={msOf(task.retryAt)} />
          </Fact>
        )}
        {task.state === TaskState.UP_FOR_RESCHEDULE && (
          <Fact name="Next look">
            <RetryTime at={msOf(task.rescheduleAt)} />
          </Fact>
        )}
        {task.mapIndex >= 0 && <Fact name="Index">{formatCount(task.mapIndex)}</Fact>}
        {task.chosenCases.length > 0 && <Fact name="Chose">{task.chosenCases.join(", ")}</Fact>}
      </dl>
      {attempts.length > 0 && (
        <section className="space-y-2">
          <h3 className="text-dense font-medium text-muted">Attempts</h3>
          <ol className="space-y-2">
            {attempts.map((attempt) => (
              <AttemptItem
                key={attempt.tryNumber}
                attempt={attempt}
                start={attemptStart(attempt, query.data?.attempts ?? [], task)}
              >
                {isDeferred(attempt.state) && (
                  <WaitWords
                    request={request}
                    attempt={attempt}
                    attempts={query.data?.attempts ?? []}
                    task={task}
                  />
                )}
              </AttemptItem>
            ))}
          </ol>
        </section>
      )}
    </div>
  );
}

/** Attempts beyond those that the code allows: they were lost, cleared or looks in vain, and spent no retry. */
function Uncounted({
  task,
  retries,
}: {
  readonly task: TaskInstance;
  readonly retries: number | null;
}) {
  const uncounted = retries === null ? 0 : task.maxTries - retries - 1;
  const words = [
    uncounted > 0 ? `${formatCount(uncounted)} of them spent no retry` : "",
    task.lostCount > 0 ? `${plural(task.lostCount, "attempt")} lost with a worker` : "",
  ].filter((word) => word !== "");
  if (words.length === 0) return null;
  return <span className="text-muted"> ({words.join("; ")})</span>;
}

function RetryTime({ at }: { readonly at: number | null }) {
  if (at === null) return "–";
  return (
    <>
      <Countdown at={at} />{" "}
      <span className="text-muted">
        (<Time at={at} isAbsolute />)
      </span>
    </>
  );
}

type AttemptProps = {
  readonly attempt: Attempt;
  /** Null when it is not known. */
  readonly start: number | null;
  readonly children: ReactNode;
};

function AttemptItem({ attempt, start, children }: AttemptProps) {
  const [, setParams] = useUrlState();
  return (
    <li className="space-y-2 rounded-panel border border-line p-3">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1">
        <span className="font-medium">#{attempt.tryNumber}</span>
        <StateBadge face={attemptFace(attempt)} size={16} />
        <Elapsed
          from={start}
          to={attempt.state === TaskState.RUNNING ? null : msOf(attempt.endedAt)}
        />
        <span className="text-muted">
          <Time at={start} />
          {attempt.worker !== "" && ` on ${attempt.worker}`}
        </span>
        <span className="flex-1" />
        <Button
          tone="small"
          onClick={() => setParams({ tab: "logs", try: String(attempt.tryNumber) })}
        >
          Log<span className="sr-only"> of attempt {attempt.tryNumber}</span>
        </Button>
      </div>
      {isDeferred(attempt.state) && <p className="text-dense text-muted">{children}</p>}
      {attempt.failure !== undefined && <FailureBox failure={attempt.failure} />}
    </li>
  );
}

type FactProps = { readonly name: string; readonly children: ReactNode };

function Fact({ name, children }: FactProps) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className="min-w-0 break-words">{children}</dd>
    </>
  );
}
