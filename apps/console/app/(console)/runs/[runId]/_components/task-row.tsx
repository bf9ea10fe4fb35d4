import { memo } from "react";
import { TaskState } from "@millrace/wire/v1";
import type { TaskInstance } from "@millrace/wire/v1";
import { StateBadge } from "../../../../../components/state-glyph.tsx";
import { Elapsed, Time } from "../../../../../components/time.tsx";
import { formatCount, msOf } from "../../../../../lib/format.ts";
import { taskFace } from "../../../../../lib/states.ts";

/** Columns that the header and every row share. */
export const rowGrid =
  "grid h-9 grid-cols-[minmax(0,1fr)_8.5rem_4.5rem] items-center gap-3 px-4 md:px-6 @2xl:grid-cols-[minmax(0,1fr)_9.5rem_4.5rem_5.5rem] @4xl:grid-cols-[minmax(0,1fr)_9.5rem_4.5rem_5.5rem_6.5rem_minmax(0,9rem)]";

type Props = {
  readonly taskId: string;
  readonly rowIndex: number;
  readonly task: TaskInstance | null;
  readonly isSelected: boolean;
  readonly onSelect: (taskId: string) => void;
};

export const TaskRow = memo(function TaskRow({
  taskId,
  rowIndex,
  task,
  isSelected,
  onSelect,
}: Props) {
  const face = taskFace(task?.state ?? TaskState.NONE, task?.failure);
  const started = msOf(task?.startedAt);
  return (
    <div
      role="row"
      aria-rowindex={rowIndex}
      aria-selected={isSelected}
      data-row={taskId}
      data-look={face.look}
      onClick={() => onSelect(taskId)}
      className={`${rowGrid} cursor-pointer border-b border-line hover:bg-hover ${isSelected ? "bg-selected" : ""}`}
    >
      <span role="cell" className="flex min-w-0 items-center">
        <button
          type="button"
          tabIndex={-1}
          title={taskId}
          className={`truncate text-left ${isSelected ? "font-medium text-accent" : ""}`}
        >
          {taskId}
        </button>
      </span>
      <span role="cell" className="flex items-center">
        <StateBadge face={face} size={16} className="text-dense" />
      </span>
      <span role="cell" className="hidden text-muted @2xl:block">
        {task === null || task.tryNumber === 0
          ? "–"
          : `${task.tryNumber} / ${formatCount(task.maxTries)}`}
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

/** Null only while it runs: a span that has no end then must not grow. */
function endOf(task: TaskInstance | null): number | null {
  if (task === null || task.state === TaskState.RUNNING) return null;
  return msOf(task.endedAt) ?? msOf(task.startedAt);
}
