"use client";
import { Handle, Position } from "@xyflow/react";
import type { NodeProps } from "@xyflow/react";
import { Check, ChevronsUpDown, RotateCcw } from "lucide-react";
import { memo, use } from "react";
import { TaskState } from "@millrace/wire/v1";
import type { TaskInstance } from "@millrace/wire/v1";
import { looksOfCounts, progressOf } from "../../lib/counts.ts";
import { formatCount, msOf, plural } from "../../lib/format.ts";
import { isFinalTask, taskFace } from "../../lib/states.ts";
import { waitSubject } from "../../lib/waiting.ts";
import { StateBar } from "../state-bar.tsx";
import { StateGlyph } from "../state-glyph.tsx";
import { StateWord } from "../state-word.tsx";
import { TaskMarks, TimesBadge } from "../task-marks.tsx";
import { Elapsed } from "../time.tsx";
import { GraphContext, isAdding } from "./graph-context.ts";
import type { FlowNode, TaskNodeData } from "./flow-nodes.ts";

/** A task, or a folded group drawn like one. */
export const TaskNode = memo(function TaskNode({ id, type, data }: NodeProps<FlowNode>) {
  const { onSelect, onChoose, onFold } = use(GraphContext);
  const isGroup = type === "folded";
  const { task, hasStates, mapped } = data;
  const face = hasStates ? taskFace(task?.state ?? TaskState.NONE, task?.failure) : null;
  const isDown = data.direction === "down";
  const act = (event: React.MouseEvent) => {
    if (onChoose !== null && isAdding(event)) onChoose(isGroup ? data.members : [id]);
    else if (isGroup) onFold(id, false);
    else onSelect(id);
  };
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
        data-group={isGroup ? id : undefined}
        data-look={face?.look}
        data-state={face?.look}
        data-chosen={data.isChosen || undefined}
        aria-pressed={isGroup ? undefined : data.isSelected}
        aria-expanded={isGroup ? false : undefined}
        onClick={act}
        className={`nopan ghost-transition relative flex size-full items-center gap-2.5 overflow-hidden rounded-control border bg-raised px-2.5 text-left hover:border-line-strong ${borderOf(data, !isGroup && face?.look === "pending")} ${mapped === null ? "" : "node-stack"}`}
      >
        {face !== null && !isGroup && <StateGlyph look={face.look} size={22} />}
        <span className="min-w-0 flex-1">
          <span className="flex items-center gap-1.5 leading-4 font-medium" title={data.tooltip}>
            {isGroup && <span className="sr-only">Open group </span>}
            <span className="truncate">{data.label}</span>
            {mapped !== null && <TimesBadge mapped={mapped} />}
          </span>
          {isGroup ? (
            data.counts !== null && <StateBar counts={data.counts} className="mt-1.5" />
          ) : task === null ? (
            face !== null && <StateWord face={face} />
          ) : (
            <TaskFacts task={task} />
          )}
        </span>
        <TaskMarks marks={data.marks} />
        {isGroup && <ChevronsUpDown size={14} aria-hidden className="shrink-0 text-muted" />}
        {!isGroup && data.counts !== null && data.counts.length > 0 && (
          <StateBar counts={data.counts} className="absolute inset-x-0 bottom-0 h-[5px]" />
        )}
      </button>
      {data.rule !== null && (
        <span
          title={`Trigger rule ${data.rule}`}
          className="absolute -top-2 left-2 max-w-[calc(100%-1rem)] truncate rounded-cell border border-line-strong/50 bg-bg px-1 font-mono text-[9px] leading-3 text-muted"
        >
          <span className="sr-only">Trigger rule </span>
          {data.rule}
        </span>
      )}
      {data.isChosen && (
        <span className="absolute -top-1.5 -right-1.5 grid size-4 place-items-center rounded-full bg-accent text-on-accent">
          <Check size={11} strokeWidth={3} aria-hidden />
          <span className="sr-only">chosen</span>
        </span>
      )}
      <Handle
        type="source"
        position={isDown ? Position.Bottom : Position.Right}
        isConnectable={false}
      />
    </>
  );
});

function borderOf({ isSelected, isChosen }: TaskNodeData, isPending: boolean): string {
  if (isSelected) return "border-accent ring-2 ring-accent";
  if (isChosen) return "border-accent bg-selected";
  return isPending ? "border-dashed border-line-strong/60" : "border-line-strong/40";
}

/** The state in words, and how long, how often or how many. */
function TaskFacts({ task }: { readonly task: TaskInstance }) {
  const started = msOf(task.startedAt);
  const isRunning = task.state === TaskState.RUNNING;
  const { mapped } = task;
  if (mapped !== undefined && mapped.counts.length > 0) {
    const { done, all } = progressOf(mapped.counts);
    const [worst] = looksOfCounts(mapped.counts);
    return (
      <span className="flex items-center gap-1.5 pb-1 text-label whitespace-nowrap text-muted">
        {worst !== undefined && (
          <span data-state={worst.look} className="text-(--ink)">
            {worst.count === all
              ? worst.face.label
              : `${formatCount(worst.count)} ${worst.face.label.toLowerCase()}`}
          </span>
        )}
        {done < all && (
          <span className="truncate tabular-nums">
            {formatCount(done)} of {formatCount(all)}
          </span>
        )}
      </span>
    );
  }
  return (
    <span className="flex items-center gap-1.5 overflow-hidden text-label whitespace-nowrap text-muted">
      <StateWord face={taskFace(task.state, task.failure)} task={task} />
      {task.state === TaskState.DEFERRED && task.waiting?.for.case !== "until" && (
        <span className="truncate">{waitSubject(task.waiting)}</span>
      )}
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
    </span>
  );
}
