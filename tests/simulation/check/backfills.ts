/** Each date of a backfill is decided once, and no more of its runs run at a time than it allows. */

import type { CompiledDag } from "@millrace/engine";
import type { Flushed } from "../database/flush.ts";
import type { RunRow } from "../database/rows.ts";
import type { Tables } from "../database/tables.ts";
import { begun, runsWithPlaces } from "./active-runs.ts";
import { ensure } from "./violation.ts";

const completed = 4;
const cancelled = 5;
const rerun = 2;

export function checkBackfillRuns(
  flushed: Flushed,
  tables: Tables,
  dagOf: (run: RunRow) => CompiledDag,
): void {
  for (const run of begun(flushed, tables)) {
    const backfill = tables.backfills.get(run.backfill_id ?? -1);
    // What is left of one that is over counts with its DAG.
    if (backfill === undefined || backfill.state >= completed) continue;
    const active = runsWithPlaces(tables, dagOf, run.dag_id).filter(
      ({ backfill_id: id }) => id === backfill.id,
    );
    ensure(
      active.length <= backfill.max_active_runs,
      "S12",
      () => `${active.length} runs of backfill ${backfill.id} run; ${backfill.max_active_runs} may`,
    );
  }
}

/** In the end. */
export function checkBackfills(tables: Tables): void {
  for (const backfill of tables.backfills.values()) {
    const { id, state, decided } = backfill;
    ensure(state >= completed, "L3", () => `backfill ${id} does not end (${state})`);
    const dates = [...tables.backfillDates.values()].filter((row) => row.backfill_id === id);
    const ordinals = dates.map((row) => row.ordinal).toSorted((a, b) => a - b);
    const whole = ordinals.slice(0, decided);
    const isWhole = whole.length === decided && whole.every((ordinal, at) => ordinal === at + 1);
    // A page that a cancel cut short has noted runs, in any order; what is left alone is noted with its end.
    const beyond = dates.filter(({ ordinal }) => ordinal > decided);
    const isCutShort = state === cancelled && beyond.every(({ outcome }) => outcome <= rerun);
    ensure(
      isWhole && (beyond.length === 0 || isCutShort),
      "semantics 11.1",
      () => `backfill ${id} has decided ${decided} dates, and noted ${ordinals.join()}`,
    );
    for (const row of dates) {
      const run = tables.runs.get(row.run_id);
      ensure(
        run?.logical_at === row.logical_at,
        "semantics 11.1",
        () => `backfill ${id} has noted run ${row.run_id} for its date ${row.ordinal}`,
      );
    }
    const born = [...tables.runs.values()].filter((run) => run.backfill_id === id);
    const noted = new Set(dates.filter((row) => row.outcome <= rerun).map((row) => row.run_id));
    ensure(
      born.every((run) => noted.has(run.id) || run.backfill_id !== id),
      "semantics 11.1",
      () => `backfill ${id} has runs that no date of it has noted`,
    );
  }
}
