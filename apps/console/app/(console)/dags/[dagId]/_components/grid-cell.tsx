import { memo } from "react";
import type { MouseEvent } from "react";
import { TaskState } from "@millrace/wire/v1";
import { StateGlyph } from "../../../../../components/state-glyph.tsx";
import type { Cell } from "../../../../../lib/grid-choice.ts";
import { taskFace } from "../../../../../lib/states.ts";

/** What the pointer does to cells; stable, so that no cell renders again because of it. */
export type CellActions = {
  readonly press: (cell: Cell, event: MouseEvent) => void;
  readonly dragFrom: (cell: Cell) => void;
  readonly dragOver: (cell: Cell) => void;
};

type Props = Cell & {
  readonly state: TaskState;
  /** Task and run, for people who do not see the grid. */
  readonly name: string;
  readonly isCursor: boolean;
  /** Among those that a change is to be made to. */
  readonly isChosen: boolean;
  readonly actions: CellActions;
};

/** One task in one run; a dot where the run's version had no such task. */
export const GridCell = memo(function GridCell(props: Props) {
  const { row, column, state, name, isCursor, isChosen, actions } = props;
  const cursor = isCursor
    ? "group-focus-visible/grid:ring-2 group-focus-visible/grid:ring-accent"
    : "";
  if (state === TaskState.UNSPECIFIED) {
    return (
      <span
        role="gridcell"
        aria-label={`${name}: not in this version`}
        className={`grid w-6 shrink-0 place-items-center text-line-strong ${cursor}`}
      >
        ·
      </span>
    );
  }
  const face = taskFace(state);
  return (
    <span
      role="gridcell"
      aria-label={`${name}: ${face.label}`}
      aria-selected={isChosen}
      title={`${name}: ${face.label}`}
      data-look={face.look}
      onClick={(event) => actions.press({ row, column }, event)}
      onPointerDown={() => actions.dragFrom({ row, column })}
      onPointerEnter={(event) => {
        if (event.buttons === 1) actions.dragOver({ row, column });
      }}
      className={`grid w-6 shrink-0 cursor-pointer place-items-center rounded-cell select-none ${cursor} ${
        isChosen ? "bg-selected outline-2 -outline-offset-2 outline-accent" : ""
      }`}
    >
      <StateGlyph look={face.look} />
    </span>
  );
});
