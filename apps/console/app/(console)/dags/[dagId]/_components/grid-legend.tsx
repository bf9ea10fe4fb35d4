import { useMemo } from "react";
import { TaskState } from "@millrace/wire/v1";
import type { GridColumn } from "@millrace/wire/v1";
import { StateBadge } from "../../../../../components/state-glyph.tsx";
import { lookOrder, taskFace } from "../../../../../lib/states.ts";
import type { StateFace } from "../../../../../lib/states.ts";

/** What the cells of the grid mean: the states that occur in it, worst first. */
export function GridLegend({ columns }: { readonly columns: readonly GridColumn[] }) {
  const faces = useMemo(() => facesIn(columns), [columns]);
  return (
    <ul aria-label="States" className="flex flex-wrap gap-x-4 gap-y-1 px-4 pb-3 md:px-6">
      {faces.map((face) => (
        <li key={face.label} className="text-dense">
          <StateBadge face={face} size={15} className="font-normal" />
        </li>
      ))}
    </ul>
  );
}

function facesIn(columns: readonly GridColumn[]): readonly StateFace[] {
  const states = new Set(columns.flatMap((column) => column.states));
  states.delete(TaskState.UNSPECIFIED);
  return [...states]
    .map((state) => taskFace(state))
    .sort((a, b) => lookOrder.indexOf(a.look) - lookOrder.indexOf(b.look));
}
