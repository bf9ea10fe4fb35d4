"use client";
import { Eraser, RotateCcw } from "lucide-react";
import type { DagRun, TaskInstance } from "@millrace/wire/v1";
import { TaskState } from "@millrace/wire/v1";
import { Button } from "../../../../../components/button.tsx";
import type { Change } from "../../../../../lib/changes.ts";
import { countsOfTasks } from "../../../../../lib/counts.ts";
import { targetOf } from "./change-target.ts";
import { CancelRun } from "./cancel-run.tsx";
import { MarkRun } from "./mark-run.tsx";

type Props = {
  readonly run: DagRun;
  readonly tasks: ReadonlyMap<string, TaskInstance>;
  readonly onChange: (change: Change) => void;
  readonly onDone: (message: string) => void;
};

/** What can be done with the whole run. */
export function RunActions({ run, tasks, onChange, onDone }: Props) {
  const counts = countsOfTasks(tasks.keys(), tasks);
  const hasFailed = counts.some(
    ({ state }) => state === TaskState.FAILED || state === TaskState.UPSTREAM_FAILED,
  );
  const whole = { kind: "clear", targets: [targetOf(run, [])] } as const;
  return (
    <div className="flex flex-wrap justify-end gap-2">
      {hasFailed && (
        <Button
          onClick={() =>
            onChange({ ...whole, subject: "what failed in this run", onlyFailed: true })
          }
        >
          <RotateCcw size={13} aria-hidden /> Retry failed…
        </Button>
      )}
      <Button onClick={() => onChange({ ...whole, subject: "the whole run" })}>
        <Eraser size={13} aria-hidden /> Clear…
      </Button>
      <MarkRun run={run} onDone={onDone} />
      <CancelRun run={run} />
    </div>
  );
}
