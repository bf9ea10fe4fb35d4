/** With each flush: no run that waits for inputs starts before it is written what it is given. */

import type { CompiledDag } from "@millrace/engine";
import type { Flushed } from "../database/flush.ts";
import type { RunRow } from "../database/rows.ts";
import type { Tables } from "../database/tables.ts";
import { ensure } from "./violation.ts";

const [queued, running] = [1, 2];

export function checkInputStarts(
  flushed: Flushed,
  tables: Tables,
  dagOf: (run: RunRow) => CompiledDag,
): void {
  const started = [
    ...flushed.runs.flatMap(({ before, after }) =>
      before.state === queued && after.state === running ? [after.id] : [],
    ),
    ...flushed.instances.flatMap(({ after }) => (after.state === 4 ? [after.run_id] : [])),
  ];
  for (const id of started) {
    const run = tables.runs.get(id);
    if (run === undefined || run.inputs !== null) continue;
    ensure(dagOf(run).spec.inputs === null, "inputs", () => `run ${id} started without its inputs`);
  }
}
