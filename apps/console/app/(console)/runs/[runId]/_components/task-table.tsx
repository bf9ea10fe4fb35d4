"use client";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { KeyboardEvent } from "react";
import type { DagSpec, TaskInstance } from "@millrace/wire/v1";
import { Empty } from "../../../../../components/faces.tsx";
import { countsOfTask, looksOfCounts } from "../../../../../lib/counts.ts";
import type { LookCount } from "../../../../../lib/counts.ts";
import { mappedTasksOf, marksOf } from "../../../../../lib/map-shape.ts";
import type { TaskMark } from "../../../../../lib/map-shape.ts";
import type { RunLive } from "../../../../../lib/run-live.ts";
import { lookOrder, taskFace } from "../../../../../lib/states.ts";
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
  /** What a change is to be made to. */
  readonly chosen: ReadonlySet<string>;
  readonly onChoose: (taskIds: readonly string[]) => void;
};

/** Every task of the run, those not reached included, in the order they can run. */
export function TaskTable({ live, spec, selected, onSelect, chosen, onChoose }: Props) {
  const [look, setLook] = useState<Look | null>(null);
  const ids = useMemo(
    () => (spec ? spec.tasks.map((task) => task.taskId) : [...live.tasks.keys()]),
    [spec, live.tasks],
  );
  const shape = useMemo(() => (spec === null ? null : shapeOf(spec)), [spec]);
  // A mapped task is listed under every state that an instance of it is in.
  const looks = useMemo(
    () => new Map(ids.map((id) => [id, looksOf(live.tasks.get(id))])),
    [ids, live.tasks],
  );
  const counts = taskCounts(looks.values());
  const isThere = counts.some((count) => count.look === look);
  const shown = isThere
    ? ids.filter((id) => looks.get(id)?.some((one) => one.look === look) === true)
    : ids;
  const choose = useSpanChoice(shown, onChoose);
  const list = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: shown.length,
    getScrollElement: () => list.current,
    estimateSize: () => rowHeight,
    overscan,
    initialRect: { width: 800, height: 600 },
  });
  const move = (event: KeyboardEvent) => {
    if (event.key === "x" && selected !== null && event.target === event.currentTarget) {
      choose(selected, event.shiftKey);
      return;
    }
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
          <span role="columnheader" className="flex">
            <input
              type="checkbox"
              aria-label="Choose all tasks shown"
              checked={shown.length > 0 && shown.every((id) => chosen.has(id))}
              onChange={() => onChoose(shown)}
              className="size-3.5 accent-(--accent)"
            />
          </span>
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
          aria-label="Rows; arrow keys move the selection, x chooses"
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
                    marks={shape?.marks.get(taskId) ?? noMarks}
                    isMapped={
                      shape?.mapped.has(taskId) ?? live.tasks.get(taskId)?.mapped !== undefined
                    }
                    isSelected={taskId === selected}
                    isChosen={chosen.has(taskId)}
                    onSelect={onSelect}
                    onChoose={choose}
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

const noMarks: readonly TaskMark[] = [];

function shapeOf(spec: DagSpec) {
  return {
    mapped: mappedTasksOf(spec),
    marks: new Map(spec.tasks.map((task) => [task.taskId, marksOf(task)])),
  };
}

function looksOf(task: TaskInstance | undefined): readonly LookCount[] {
  if (task?.failure !== undefined) {
    const face = taskFace(task.state, task.failure);
    return [{ look: face.look, face, count: 1 }];
  }
  return looksOfCounts(countsOfTask(task));
}

/** How many rows each state has. */
function taskCounts(all: Iterable<readonly LookCount[]>): readonly LookCount[] {
  const rows = new Map<Look, LookCount>();
  for (const looks of all) {
    for (const { look, face } of looks) {
      rows.set(look, { look, face, count: 1 + (rows.get(look)?.count ?? 0) });
    }
  }
  return lookOrder.flatMap((look) => rows.get(look) ?? []);
}

/** Chooses one row, or with Shift everything from the one before to it. */
function useSpanChoice(shown: readonly string[], onChoose: Props["onChoose"]) {
  const last = useRef<string | null>(null);
  const rows = useRef(shown);
  useEffect(() => {
    rows.current = shown;
  }, [shown]);
  return useCallback(
    (taskId: string, isSpan: boolean) => {
      const [from, to] = [rows.current.indexOf(last.current ?? ""), rows.current.indexOf(taskId)];
      last.current = taskId;
      if (!isSpan || from === -1 || from === to) return onChoose([taskId]);
      // The row one began at is chosen already.
      const [first, end] = from < to ? [from + 1, to] : [to, from - 1];
      return onChoose(rows.current.slice(first, end + 1));
    },
    [onChoose],
  );
}
