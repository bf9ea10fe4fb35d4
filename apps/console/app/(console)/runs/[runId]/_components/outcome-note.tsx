"use client";
import { CornerDownRight } from "lucide-react";
import type { DagSpec, TaskInstance } from "@millrace/wire/v1";
import { outcomeReason } from "../../../../../lib/outcome-reason.ts";
import { TaskLinks } from "./task-links.tsx";

type Props = {
  readonly spec: DagSpec | null;
  readonly tasks: ReadonlyMap<string, TaskInstance>;
  readonly task: TaskInstance | null;
};

/** Why a task was skipped or could not run, with the tasks that it is because of. */
export function OutcomeNote({ spec, tasks, task }: Props) {
  const reason = spec === null || task === null ? null : outcomeReason({ spec, tasks }, task);
  if (reason === null) return null;
  return (
    <div
      data-testid="outcome"
      className="mx-4 mt-1 mb-2 flex gap-2 rounded-control border border-line bg-surface px-2.5 py-2"
    >
      <CornerDownRight size={15} aria-hidden className="mt-px shrink-0 text-muted" />
      <div className="min-w-0 space-y-1.5">
        <p className="break-words">{reason.message}</p>
        {reason.taskIds.length > 0 && <TaskLinks taskIds={reason.taskIds} />}
      </div>
    </div>
  );
}
