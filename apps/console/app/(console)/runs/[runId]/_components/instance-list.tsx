"use client";
import { TaskState } from "@millrace/wire/v1";
import type { TaskInstance } from "@millrace/wire/v1";
import { StateGlyph } from "../../../../../components/state-glyph.tsx";
import { StateWord } from "../../../../../components/state-word.tsx";
import { Elapsed } from "../../../../../components/time.tsx";
import { keyText } from "../../../../../lib/choosing.ts";
import type { Choosing } from "../../../../../lib/choosing.ts";
import { formatCount, msOf } from "../../../../../lib/format.ts";
import { taskFace } from "../../../../../lib/states.ts";
import { isDeferred } from "../../../../../lib/waiting.ts";

type Props = {
  readonly taskId: string;
  readonly rows: readonly TaskInstance[];
  /** Of the page before: this one is on its way. */
  readonly isOld: boolean;
  readonly choosing: Choosing;
  readonly onOpen: (mapIndex: number) => void;
};

const head = "px-2 py-1.5 text-left text-label font-medium text-muted";
const cell = "px-2 py-1";

/** One page of instances; a click opens one, a tick chooses it for a change. */
export function InstanceList({ taskId, rows, isOld, choosing, onOpen }: Props) {
  const keys = rows.map(({ mapIndex }) => ({ taskId, mapIndex }));
  const isChosen = (mapIndex: number) => choosing.chosen.has(keyText({ taskId, mapIndex }));
  const hasLabels = rows.some((row) => row.mapIndexLabel !== "");
  return (
    <table className={`w-full border-collapse ${isOld ? "opacity-50" : ""}`}>
      <thead className="sticky top-0 bg-surface">
        <tr>
          <th className={`${head} w-8 pl-4`}>
            <input
              type="checkbox"
              aria-label="Choose all on this page"
              checked={rows.every((row) => isChosen(row.mapIndex))}
              onChange={() => choosing.toggle(keys)}
              className="size-3.5 align-middle accent-(--accent)"
            />
          </th>
          <th className={`${head} w-20 text-right`}>Index</th>
          {hasLabels && <th className={head}>Label</th>}
          <th className={head}>State</th>
          <th className={`${head} w-16`}>Attempt</th>
          <th className={`${head} w-20 pr-4`}>Duration</th>
        </tr>
      </thead>
      <tbody className="divide-y divide-line">
        {rows.map((row) => {
          const face = taskFace(row.state, row.failure);
          const name = row.mapIndexLabel || `[${row.mapIndex}]`;
          const isRunning = row.state === TaskState.RUNNING || isDeferred(row.state);
          return (
            <tr
              key={row.mapIndex}
              data-instance={row.mapIndex}
              data-look={face.look}
              className={`cursor-pointer hover:bg-hover ${isChosen(row.mapIndex) ? "bg-selected" : ""}`}
              onClick={() => onOpen(row.mapIndex)}
            >
              <td className={`${cell} pl-4`} onClick={(event) => event.stopPropagation()}>
                <input
                  type="checkbox"
                  aria-label={`Choose ${name}`}
                  checked={isChosen(row.mapIndex)}
                  onChange={() => choosing.toggle([{ taskId, mapIndex: row.mapIndex }])}
                  className="size-3.5 align-middle accent-(--accent)"
                />
              </td>
              <td className={`${cell} text-right font-mono text-dense tabular-nums`}>
                {hasLabels ? formatCount(row.mapIndex) : <Open name={String(row.mapIndex)} />}
              </td>
              {hasLabels && (
                <td className={`${cell} max-w-40 truncate`} title={row.mapIndexLabel}>
                  <Open name={name} />
                </td>
              )}
              <td className={cell}>
                <span
                  data-state={face.look}
                  className="inline-flex items-center gap-1.5 text-dense"
                >
                  <StateGlyph look={face.look} size={15} />
                  <StateWord face={face} task={row} />
                </span>
              </td>
              <td className={`${cell} text-dense text-muted`}>
                {row.tryNumber === 0 ? "–" : `${row.tryNumber} / ${formatCount(row.maxTries)}`}
              </td>
              <td className={`${cell} pr-4 text-dense`}>
                <Elapsed
                  from={msOf(row.startedAt)}
                  to={isRunning ? null : (msOf(row.endedAt) ?? msOf(row.startedAt))}
                />
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

/** The name is the way in for the keyboard; the whole row is for the pointer, by the same click. */
function Open({ name }: { readonly name: string }) {
  return (
    <button type="button" className="hover:text-accent hover:underline">
      {name}
    </button>
  );
}
