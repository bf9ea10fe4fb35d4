"use client";
import { useCallback, useMemo, useState } from "react";
import type { GridColumn } from "@millrace/wire/v1";
import { TaskState } from "@millrace/wire/v1";
import type { ChangeTarget } from "./changes.ts";
import { formatInstant, msOf, plural } from "./format.ts";

/** A cell of the grid: a row is a task, a column a run. */
export type Cell = { readonly row: number; readonly column: number };

/** Cells are kept by ids, because runs come and columns move. */
export function cellKey(runId: string, taskId: string): string {
  return `${runId}/${taskId}`;
}

type Grid = { readonly taskIds: readonly string[]; readonly columns: readonly GridColumn[] };

/** The cells between two corners that stand for something. */
export function keysBetween({ taskIds, columns }: Grid, a: Cell, b: Cell): readonly string[] {
  const keys: string[] = [];
  const [top, bottom] = [Math.min(a.row, b.row), Math.max(a.row, b.row)];
  const [left, right] = [Math.min(a.column, b.column), Math.max(a.column, b.column)];
  for (const column of columns.slice(left, right + 1)) {
    for (let row = top; row <= bottom; row += 1) {
      const taskId = taskIds[row];
      const state = column.states[row] ?? TaskState.UNSPECIFIED;
      if (taskId === undefined || state === TaskState.UNSPECIFIED) continue;
      keys.push(cellKey(column.run?.runId ?? "", taskId));
    }
  }
  return keys;
}

/** One target for each run of which a cell is chosen, oldest first. */
export function targetsOf(
  { taskIds, columns }: Grid,
  chosen: ReadonlySet<string>,
): readonly ChangeTarget[] {
  return columns.flatMap(({ run }) => {
    if (run === undefined) return [];
    const keys = taskIds
      .filter((taskId) => chosen.has(cellKey(run.runId, taskId)))
      .map((taskId) => ({ taskId, mapIndex: null }));
    if (keys.length === 0) return [];
    const at = msOf(run.logicalDate) ?? msOf(run.startedAt);
    return [
      {
        runId: run.runId,
        runName: at === null ? run.runId : formatInstant(at),
        keys,
        hasLogicalDate: run.logicalDate !== undefined,
      },
    ];
  });
}

/** `6 cells in 3 runs`; empty for none. */
export function cellWords(targets: readonly ChangeTarget[]): string {
  const count = targets.reduce((sum, target) => sum + target.keys.length, 0);
  return count === 0 ? "" : `${plural(count, "task")} in ${plural(targets.length, "run")}`;
}

/** What is chosen in a grid: single cells, and rectangles from where one began. */
export function useGridChoice(grid: Grid) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [corner, setCorner] = useState<Cell | null>(null);
  const targets = useMemo(() => targetsOf(grid, chosen), [grid, chosen]);
  const none = useCallback(() => {
    setChosen(new Set());
    setCorner(null);
  }, []);
  return {
    chosen,
    targets,
    none,
    toggle(cell: Cell): void {
      const next = new Set(chosen);
      for (const key of keysBetween(grid, cell, cell)) {
        if (!next.delete(key)) next.add(key);
      }
      setChosen(next);
      setCorner(cell);
    },
    /** From the corner, or else from `from`, to a cell: that, and nothing else. */
    span(from: Cell, to: Cell): void {
      const start = corner ?? from;
      setCorner(start);
      setChosen(new Set(keysBetween(grid, start, to)));
    },
    begin: setCorner,
  };
}
