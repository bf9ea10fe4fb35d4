"use client";
import { useQuery } from "@connectrpc/connect-query";
import { AlarmClock, AlarmClockOff, Hourglass } from "lucide-react";
import { DagRunService, DeadlineState } from "@millrace/wire/v1";
import type { DagRun, DagSpec, Deadline } from "@millrace/wire/v1";
import { Unanswered } from "../../../../../components/faces.tsx";
import { Countdown, Time } from "../../../../../components/time.tsx";
import { msOf } from "../../../../../lib/format.ts";
import { isFinalRun } from "../../../../../lib/states.ts";
import { TaskLinks } from "./task-links.tsx";

/** Time alone changes them. */
const refreshMs = 10_000;
/** The most the api gives at a time; more than anybody reads. */
const pageSize = 1_000;

type Props = { readonly run: DagRun };

/** By when the run and its tasks are to have succeeded, where that is ahead or was missed. */
export function RunDeadlines({ run }: Props) {
  const request = { runId: run.runId, pageSize };
  const query = useQuery(DagRunService.method.listDeadlines, request, {
    refetchInterval: isFinalRun(run.state) ? false : refreshMs,
    staleTime: 0,
  });
  const deadlines = query.data?.deadlines;
  if (deadlines !== undefined && deadlines.length === 0) return null;
  return (
    <section aria-labelledby="deadlines" className="border-b border-line px-4 py-3 md:px-6">
      <h2 id="deadlines" className="font-medium">
        Deadlines
      </h2>
      {deadlines === undefined ? (
        <Unanswered query={query} what="The deadlines could not be read" rows={2} />
      ) : (
        <ul className="mt-2 space-y-2" data-testid="deadlines">
          {deadlines.map((deadline) => (
            <DeadlineItem key={`${deadline.taskId}/${deadline.name}`} deadline={deadline} />
          ))}
        </ul>
      )}
    </section>
  );
}

const missed = { word: "Missed", Icon: AlarmClockOff, color: "text-(--state-failed)" };
const atRisk = { word: "At risk", Icon: Hourglass, color: "text-warn" };
const ahead = { word: "Ahead", Icon: AlarmClock, color: "text-muted" };

function faceOf(state: DeadlineState) {
  if (state === DeadlineState.MISSED) return missed;
  return state === DeadlineState.AT_RISK ? atRisk : ahead;
}

function DeadlineItem({ deadline }: { readonly deadline: Deadline }) {
  const { state, name, taskId, criticalTaskIds } = deadline;
  const { word, Icon, color } = faceOf(state);
  const dueAt = msOf(deadline.dueAt);
  const expectedAt = msOf(deadline.estimatedEndAt);
  return (
    <li className="flex gap-2" data-deadline={word}>
      <Icon size={16} aria-hidden className={`mt-0.5 shrink-0 ${color}`} />
      <div className="min-w-0 space-y-1">
        <p className="break-words">
          <span className={`font-medium ${color}`}>{word}</span>
          {" · "}
          {taskId === "" ? "the run" : <span className="font-mono text-dense">{taskId}</span>}
          {" · "}
          {name}
          {dueAt !== null && (
            <>
              , due <Time at={dueAt} isAbsolute />
              {state !== DeadlineState.MISSED && (
                <>
                  , <Countdown at={dueAt} />
                </>
              )}
            </>
          )}
        </p>
        {state === DeadlineState.AT_RISK && expectedAt !== null && (
          <div className="text-muted">
            <p>
              Expected <Time at={expectedAt} isAbsolute />, an estimate from earlier runs
              {criticalTaskIds.length > 0 && ", because of"}
            </p>
            {criticalTaskIds.length > 0 && <TaskLinks taskIds={criticalTaskIds} />}
          </div>
        )}
      </div>
    </li>
  );
}

/** Whether a run of the DAG, or a task of it, has deadlines. */
export function hasDeadlines(spec: DagSpec): boolean {
  return spec.deadlines.length > 0 || spec.tasks.some((task) => task.deadlines.length > 0);
}
