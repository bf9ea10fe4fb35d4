"use client";
import { Handle, Position } from "@xyflow/react";
import type { NodeProps } from "@xyflow/react";
import { ChevronsUpDown, RotateCcw } from "lucide-react";
import { memo, use } from "react";
import { TaskState } from "@millrace/wire/v1";
import type { TaskInstance } from "@millrace/wire/v1";
import { msOf, plural } from "../../lib/format.ts";
import { isFinalTask, taskFace } from "../../lib/states.ts";
import { StateBar } from "../state-bar.tsx";
import { StateGlyph } from "../state-glyph.tsx";
import { Elapsed } from "../time.tsx";
import { GraphContext } from "./graph-context.ts";
import type { FlowNode } from "./use-flow.ts";

/** A task, or a folded group drawn like one. */
export const TaskNode = memo(function TaskNode({ id, type, data }: NodeProps<FlowNode>) {
  const { onSelect, onFold } = use(GraphContext);
  const isGroup = type === "folded";
  const { task, hasStates } = data;
  const face = hasStates ? taskFace(task?.state ?? TaskState.NONE, task?.failure) : null;
  const isDown = data.direction === "down";
  return (
    <>
      <Handle
        type="target"
        position={isDown ? Position.Top : Position.Left}
        isConnectable={false}
      />
      <button
        type="button"
        data-task={isGroup ? undefined : id}
        data-look={face?.look}
        data-state={face?.look}
        aria-pressed={isGroup ? undefined : data.isSelected}
        onClick={() => (isGroup ? onFold(id, false) : onSelect(id))}
        className={`nopan ghost-transition flex size-full items-center gap-2.5 overflow-hidden rounded-control border bg-raised px-2.5 text-left hover:border-line-strong ${
          data.isSelected
            ? "border-accent ring-2 ring-accent"
            : face?.look === "pending"
              ? "border-dashed border-line-strong/60"
              : "border-line-strong/40"
        }`}
      >
        {face !== null && !isGroup && <StateGlyph look={face.look} size={22} />}
        <span className="min-w-0 flex-1">
          <span className="block truncate leading-4 font-medium" title={id}>
            {isGroup && <span className="sr-only">Open group </span>}
            {data.label}
          </span>
          {isGroup ? (
            data.counts !== null && <StateBar counts={data.counts} className="mt-1.5" />
          ) : face === null ? null : (
            <span className="flex items-center gap-1.5 text-label text-muted">
              <span className="text-(--ink)">{face.label}</span>
              {task !== null && <TaskFacts task={task} />}
            </span>
          )}
        </span>
        {isGroup && <ChevronsUpDown size={14} aria-hidden className="shrink-0 text-muted" />}
      </button>
      <Handle
        type="source"
        position={isDown ? Position.Bottom : Position.Right}
        isConnectable={false}
      />
    </>
  );
});

function TaskFacts({ task }: { readonly task: TaskInstance }) {
  const started = msOf(task.startedAt);
  const isRunning = task.state === TaskState.RUNNING;
  return (
    <>
      {started !== null && (isRunning || isFinalTask(task.state)) && (
        <Elapsed from={started} to={isRunning ? null : msOf(task.endedAt)} />
      )}
      {task.tryNumber > 1 && (
        <span
          className="inline-flex items-center gap-0.5"
          title={`Attempt ${task.tryNumber}, ${plural(task.maxTries, "attempt")} allowed`}
        >
          <RotateCcw size={10} aria-hidden />
          {task.tryNumber}
        </span>
      )}
    </>
  );
}
