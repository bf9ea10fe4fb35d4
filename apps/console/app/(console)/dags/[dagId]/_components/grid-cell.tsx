import { memo } from "react";
import { TaskState } from "@millrace/wire/v1";
import { StateGlyph } from "../../../../../components/state-glyph.tsx";
import { taskFace } from "../../../../../lib/states.ts";

type Props = {
  readonly state: TaskState;
  /** Task and run, for people who do not see the grid. */
  readonly name: string;
  readonly isCursor: boolean;
  readonly onOpen: () => void;
};

/** One task in one run; a dot where the run's version had no such task. */
export const GridCell = memo(
  function GridCell({ state, name, isCursor, onOpen }: Props) {
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
        title={`${name}: ${face.label}`}
        data-look={face.look}
        onClick={onOpen}
        className={`grid w-6 shrink-0 cursor-pointer place-items-center rounded-cell ${cursor}`}
      >
        <StateGlyph look={face.look} />
      </span>
    );
  },
  (before, after) =>
    before.state === after.state &&
    before.name === after.name &&
    before.isCursor === after.isCursor,
);
