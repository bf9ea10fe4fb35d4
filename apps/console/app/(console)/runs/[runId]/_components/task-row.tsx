import { memo } from "react";
import { TaskState } from "@millrace/wire/v1";
import type { TaskInstance } from "@millrace/wire/v1";
import { StateBar } from "../../../../../components/state-bar.tsx";
import { StateGlyph } from "../../../../../components/state-glyph.tsx";
import { StateWord } from "../../../../../components/state-word.tsx";
import { TaskMarks, TimesBadge } from "../../../../../components/task-marks.tsx";
import { Elapsed, Time } from "../../../../../components/time.tsx";
import { looksOfCounts } from "../../../../../lib/counts.ts";
import { formatCount, msOf } from "../../../../../lib/format.ts";
import type { TaskMark } from "../../../../../lib/map-shape.ts";
import { taskFace } from "../../../../../lib/states.ts";
import { isDeferred, waitPhrase } from "../../../../../lib/waiting.ts";

/** Columns that the header and every row share. */
export const rowGrid =
  "grid h-9 grid-cols-[1rem_minmax(0,1fr)_8.5rem_4.5rem] items-center gap-3 px-4 md:px-6 @2xl:grid-cols-[1rem_minmax(0,1fr)_9.5rem_6.5rem_5.5rem] @4xl:grid-cols-[1rem_minmax(0,1fr)_9.5rem_6.5rem_5.5rem_6.5rem_minmax(0,9rem)]";

type Props = {
  readonly taskId: string;
  readonly rowIndex: number;
  readonly task: TaskInstance | null;
  readonly marks: readonly TaskMark[];
  /** Known from the DAG, before the run knows how many there are. */
  readonly isMapped: boolean;
  readonly isSelected: boolean;
  readonly isChosen: boolean;
  readonly onSelect: (taskId: string) => void;
  /** `isSpan`: and everything between this one and the one before. */
  readonly onChoose: (taskId: string, isSpan: boolean) => void;
};

export const TaskRow = memo(function TaskRow({
  taskId,
  rowIndex,
  task,
  marks,
  isMapped,
  isSelected,
  isChosen,
  onSelect,
  onChoose,
}: Props) {
  const face = taskFace(task?.state ?? TaskState.NONE, task?.failure);
  const started = msOf(task?.startedAt);
  const counts = task?.mapped?.counts ?? [];
  return (
    <div
      role="row"
      aria-rowindex={rowIndex}
      aria-selected={isSelected}
      data-row={taskId}
      data-look={face.look}
      onClick={() => onSelect(taskId)}
      className={`${rowGrid} cursor-pointer border-b border-line hover:bg-hover ${isSelected || isChosen ? "bg-selected" : ""}`}
    >
      <span role="cell" className="flex" onClick={(event) => event.stopPropagation()}>
        <input
          type="checkbox"
          tabIndex={-1}
          aria-label={`Choose ${taskId}`}
          checked={isChosen}
          readOnly
          onClick={(event) => onChoose(taskId, event.shiftKey)}
          className="size-3.5 accent-(--accent)"
        />
      </span>
      <span role="cell" className="flex min-w-0 items-center gap-2">
        <button
          type="button"
          tabIndex={-1}
          title={taskId}
          className={`truncate text-left ${task?.waiting === undefined ? "" : "max-w-3/4 shrink-0"} ${isSelected ? "font-medium text-accent" : ""}`}
        >
          {taskId}
        </button>
        <TaskMarks marks={marks} />
        {isMapped && <TimesBadge mapped={{ length: task?.mapped?.length ?? null }} />}
        {task?.waiting !== undefined && (
          <span className="hidden min-w-0 truncate text-dense text-muted @2xl:inline">
            {waitPhrase(task.waiting)}
          </span>
        )}
      </span>
      <span role="cell" className="flex items-center">
        <span data-state={face.look} className="inline-flex min-w-0 items-center gap-1.5">
          <StateGlyph look={face.look} size={16} />
          <StateWord face={face} task={task} isDense />
        </span>
      </span>
      <span role="cell" className="hidden text-muted @2xl:block">
        {counts.length > 0 ? (
          <StateBar counts={looksOfCounts(counts)} />
        ) : task === null || task.tryNumber === 0 ? (
          "–"
        ) : (
          `${task.tryNumber} / ${formatCount(task.maxTries)}`
        )}
      </span>
      <span role="cell">
        <Elapsed from={started} to={endOf(task)} />
      </span>
      <span role="cell" className="hidden text-muted @4xl:block">
        <Time at={started} />
      </span>
      <span role="cell" className="truncate hidden text-muted @4xl:block" title={task?.worker}>
        {task?.worker === undefined || task.worker === "" ? "–" : task.worker}
      </span>
    </div>
  );
});

/** Null only while it runs, or waits in the middle of it: a span that has no end otherwise must not grow. */
function endOf(task: TaskInstance | null): number | null {
  if (task === null || task.state === TaskState.RUNNING || isDeferred(task.state)) return null;
  if (task.mapped !== undefined && task.endedAt === undefined) return null;
  return msOf(task.endedAt) ?? msOf(task.startedAt);
}
