"use client";
import { useVirtualizer } from "@tanstack/react-virtual";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useEffect, useMemo, useRef, useState } from "react";
import type { KeyboardEvent } from "react";
import type { GridColumn } from "@millrace/wire/v1";
import { ChangeBar } from "../../../../../components/change/change-bar.tsx";
import type { Change } from "../../../../../lib/changes.ts";
import { cellKey, cellWords, useGridChoice } from "../../../../../lib/grid-choice.ts";
import type { Cell } from "../../../../../lib/grid-choice.ts";
import { formatDuration, formatInstant, msOf } from "../../../../../lib/format.ts";
import { isFinalRun, runFace } from "../../../../../lib/states.ts";
import { useNow } from "../../../../../lib/use-now.ts";
import { GridCell } from "./grid-cell.tsx";
import type { CellActions } from "./grid-cell.tsx";
import { GridLegend } from "./grid-legend.tsx";

const rowHeight = 24;
const barHeight = 44;

type Props = {
  readonly taskIds: readonly string[];
  /** Newest first; drawn oldest first, as time runs. */
  readonly columns: readonly GridColumn[];
  /** A cell of these stands for all instances. */
  readonly mapped: ReadonlySet<string>;
  readonly onChange: (change: Change) => void;
};

/**
 * Rows are tasks, columns are runs. Arrow keys move, Enter opens the task in its run; a drag, Shift or Ctrl with a click,
 * Shift with the arrows and the space bar choose cells for a change.
 */
export function RunGrid({ taskIds, columns: newestFirst, mapped, onChange }: Props) {
  const columns = useMemo(() => newestFirst.toReversed(), [newestFirst]);
  const grid = useMemo(() => ({ taskIds, columns }), [taskIds, columns]);
  const choice = useGridChoice(grid);
  const [cursor, setCursor] = useState({ row: 0, column: columns.length - 1 });
  const scroller = useRef<HTMLDivElement>(null);
  const router = useRouter();
  const rows = useVirtualizer({
    count: taskIds.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
    initialRect: { width: 1_000, height: 700 },
  });
  const open = ({ row, column }: Cell) => {
    const runId = columns[column]?.run?.runId;
    const taskId = taskIds[row];
    if (runId !== undefined && taskId !== undefined) {
      router.push(`/runs/${runId}?task=${encodeURIComponent(taskId)}`);
    }
  };
  const actions = useCellActions({ choice, cursor, setCursor, open });
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget) return;
    if (event.key === "Enter") return open(cursor);
    if (event.key === "Escape") return choice.none();
    if (event.key === " " || event.key === "x") {
      event.preventDefault();
      return choice.toggle(cursor);
    }
    const moved = moveOf(event.key, cursor, columns.length - 1);
    if (moved === null) return;
    event.preventDefault();
    const row = Math.max(0, Math.min(taskIds.length - 1, moved.row));
    const column = Math.max(0, Math.min(columns.length - 1, moved.column));
    if (event.shiftKey) choice.span(cursor, { row, column });
    else choice.begin(null);
    setCursor({ row, column });
    rows.scrollToIndex(row);
  };
  const ask = (kind: Change["kind"]) =>
    onChange({ kind, targets: choice.targets, subject: cellWords(choice.targets) });
  return (
    <>
      <div ref={scroller} className="max-h-[calc(100dvh-14rem)] overflow-auto px-4 pb-4 md:px-6">
        <div
          role="grid"
          aria-label="Runs and tasks"
          aria-rowcount={taskIds.length + 1}
          aria-colcount={columns.length + 1}
          aria-multiselectable
          tabIndex={0}
          onKeyDown={onKeyDown}
          className="group/grid w-max min-w-0 outline-none"
        >
          <div role="row" className="sticky top-0 z-20 flex bg-bg pt-3">
            <span
              role="columnheader"
              className="sticky left-0 z-10 flex w-44 shrink-0 items-end bg-bg pb-1 text-label text-muted sm:w-64"
            >
              Task
            </span>
            <RunBarsRow columns={columns} />
          </div>
          <div className="relative" style={{ height: rows.getTotalSize() }}>
            {rows.getVirtualItems().map((row) => (
              <div
                key={row.key}
                role="row"
                aria-rowindex={row.index + 2}
                className="absolute inset-x-0 top-0 flex hover:bg-hover"
                style={{ height: rowHeight, transform: `translateY(${row.start}px)` }}
              >
                <span
                  role="rowheader"
                  title={taskIds[row.index]}
                  className="sticky left-0 z-10 flex w-44 shrink-0 items-center bg-bg pr-3 text-dense sm:w-64"
                >
                  <span className="truncate">{taskIds[row.index]}</span>
                  {mapped.has(taskIds[row.index] ?? "") && (
                    <span
                      title="Mapped: a cell stands for all instances"
                      className="ml-1.5 shrink-0 rounded-cell border border-line-strong/50 px-1 text-label leading-[15px] text-muted"
                    >
                      <span aria-hidden>×n</span>
                      <span className="sr-only">mapped</span>
                    </span>
                  )}
                </span>
                {columns.map((column, ix) => (
                  <GridCell
                    key={column.run?.runId ?? ix}
                    row={row.index}
                    column={ix}
                    state={column.states[row.index] ?? 0}
                    name={`${taskIds[row.index] ?? ""}, ${titleOf(column)}`}
                    isCursor={cursor.row === row.index && cursor.column === ix}
                    isChosen={choice.chosen.has(
                      cellKey(column.run?.runId ?? "", taskIds[row.index] ?? ""),
                    )}
                    actions={actions}
                  />
                ))}
              </div>
            ))}
          </div>
        </div>
      </div>
      <GridLegend columns={columns} />
      <ChangeBar
        words={choice.targets.length === 0 ? "" : `${cellWords(choice.targets)} chosen`}
        onClear={() => ask("clear")}
        onMark={() => ask("mark")}
        onNone={choice.none}
      />
    </>
  );
}

type Pressed = {
  readonly choice: ReturnType<typeof useGridChoice>;
  readonly cursor: Cell;
  readonly setCursor: (cell: Cell) => void;
  readonly open: (cell: Cell) => void;
};

/** A click opens; with a key, or after a drag, it chooses. */
function useCellActions(pressed: Pressed): CellActions {
  const now = useRef(pressed);
  useEffect(() => {
    now.current = pressed;
  });
  const drag = useRef<{ from: Cell; isMoved: boolean } | null>(null);
  return useMemo(
    () => ({
      press(cell, event) {
        const { choice, cursor, setCursor, open } = now.current;
        const isDragged = drag.current?.isMoved === true;
        drag.current = null;
        if (isDragged) return;
        setCursor(cell);
        if (event.shiftKey) choice.span(cursor, cell);
        else if (event.ctrlKey || event.metaKey) choice.toggle(cell);
        else open(cell);
      },
      dragFrom(cell) {
        drag.current = { from: cell, isMoved: false };
      },
      dragOver(cell) {
        if (drag.current === null) return;
        const { choice, setCursor } = now.current;
        drag.current.isMoved = true;
        choice.span(drag.current.from, cell);
        setCursor(cell);
      },
    }),
    [],
  );
}

function RunBarsRow({ columns }: { readonly columns: readonly GridColumn[] }) {
  const now = useNow();
  const spans = columns.map((column) => spanOf(column, now));
  const longest = Math.max(1, ...spans);
  return columns.map((column, ix) => {
    const face = runFace(column.run ?? { state: 0 });
    const share = Math.sqrt((spans[ix] ?? 0) / longest);
    return (
      <span key={column.run?.runId ?? ix} role="columnheader" className="w-6 shrink-0">
        <Link
          href={`/runs/${column.run?.runId ?? ""}`}
          prefetch={false}
          aria-label={`${face.label}, ${titleOf(column)}`}
          title={`${face.label}, ${titleOf(column)}, ${formatDuration(spans[ix] ?? 0)}`}
          className="flex h-12 items-end justify-center pb-1 hover:bg-hover"
        >
          <span
            data-state={face.look}
            className="state-fill block w-3 rounded-t-cell"
            style={{ height: Math.max(6, Math.round(barHeight * share)) }}
          />
        </Link>
      </span>
    );
  });
}

function spanOf(column: GridColumn, now: number): number {
  const started = msOf(column.run?.startedAt);
  if (started === null || column.run === undefined) return 0;
  const ended = msOf(column.run.endedAt) ?? (isFinalRun(column.run.state) ? started : now);
  return Math.max(0, ended - started);
}

function titleOf(column: GridColumn): string {
  const at = msOf(column.run?.logicalDate) ?? msOf(column.run?.startedAt);
  return at === null ? "not started" : formatInstant(at);
}

function moveOf(key: string, { row, column }: Cell, last: number): Cell | null {
  switch (key) {
    case "ArrowUp":
      return { row: row - 1, column };
    case "ArrowDown":
      return { row: row + 1, column };
    case "ArrowLeft":
      return { row, column: column - 1 };
    case "ArrowRight":
      return { row, column: column + 1 };
    case "Home":
      return { row, column: 0 };
    case "End":
      return { row, column: last };
    default:
      return null;
  }
}
