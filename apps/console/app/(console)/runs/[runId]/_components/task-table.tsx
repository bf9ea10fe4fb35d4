"use client";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef, useState } from "react";
import type { KeyboardEvent } from "react";
import { TaskState } from "@millrace/wire/v1";
import type { DagSpec, TaskInstance } from "@millrace/wire/v1";
import { Empty } from "../../../../../components/faces.tsx";
import { countLooks } from "../../../../../lib/counts.ts";
import type { RunLive } from "../../../../../lib/run-live.ts";
import { taskFace } from "../../../../../lib/states.ts";
import type { Look } from "../../../../../lib/states.ts";
import { LookFilter } from "./look-filter.tsx";
import { TaskRow, rowGrid } from "./task-row.tsx";

const rowHeight = 36;
const overscan = 8;

type Props = {
  readonly live: RunLive;
  readonly spec: DagSpec | null;
  readonly selected: string | null;
  readonly onSelect: (taskId: string) => void;
};

/** Every task of the run, those not reached included, in the order they can run. */
export function TaskTable({ live, spec, selected, onSelect }: Props) {
  const [look, setLook] = useState<Look | null>(null);
  const ids = useMemo(
    () => (spec ? spec.tasks.map((task) => task.taskId) : [...live.tasks.keys()]),
    [spec, live.tasks],
  );
  const counts = countLooks(ids.map((id) => live.tasks.get(id)?.state ?? TaskState.NONE));
  const isThere = counts.some((count) => count.look === look);
  const shown = isThere ? ids.filter((id) => lookOf(live.tasks.get(id)) === look) : ids;
  const list = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: shown.length,
    getScrollElement: () => list.current,
    estimateSize: () => rowHeight,
    overscan,
    initialRect: { width: 800, height: 600 },
  });
  const move = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const at = shown.indexOf(selected ?? "");
    const next = shown[Math.max(0, Math.min(shown.length - 1, at + step))];
    if (next === undefined) return;
    rows.scrollToIndex(shown.indexOf(next));
    onSelect(next);
  };
  return (
    <section aria-label="Tasks" className="@container">
      <LookFilter counts={counts} chosen={isThere ? look : null} onChoose={setLook} />
      <div role="table" aria-label="Tasks" aria-rowcount={shown.length + 1}>
        <div
          role="row"
          className={`${rowGrid} border-y border-line bg-surface text-label text-muted`}
        >
          <span role="columnheader">Task</span>
          <span role="columnheader">State</span>
          <span role="columnheader" className="hidden @2xl:block">
            Attempt
          </span>
          <span role="columnheader">Duration</span>
          <span role="columnheader" className="hidden @4xl:block">
            Started
          </span>
          <span role="columnheader" className="hidden @4xl:block">
            Worker
          </span>
        </div>
        {shown.length === 0 && <Empty title="No task is in this state" />}
        <div
          ref={list}
          role="rowgroup"
          tabIndex={0}
          aria-label="Rows; arrow keys move the selection"
          onKeyDown={move}
          className="max-h-[70dvh] overflow-y-auto -outline-offset-2"
        >
          <div className="relative" style={{ height: rows.getTotalSize() }}>
            {rows.getVirtualItems().map((row) => {
              const taskId = shown[row.index] ?? "";
              return (
                <div
                  key={taskId}
                  role="presentation"
                  className="absolute inset-x-0 top-0"
                  style={{ height: row.size, transform: `translateY(${row.start}px)` }}
                >
                  <TaskRow
                    taskId={taskId}
                    rowIndex={row.index + 2}
                    task={live.tasks.get(taskId) ?? null}
                    isSelected={taskId === selected}
                    onSelect={onSelect}
                  />
                </div>
              );
            })}
          </div>
        </div>
      </div>
    </section>
  );
}

function lookOf(task: TaskInstance | undefined): Look {
  return taskFace(task?.state ?? TaskState.NONE, task?.failure).look;
}
