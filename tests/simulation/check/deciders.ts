/** What functions have said that decide whether the past matters, and what of it holds. */

import type { RunRow } from "../database/rows.ts";
import type { Tables } from "../database/tables.ts";
import { ensure } from "./violation.ts";

/** What such a function is told. */
export type PastFacts = {
  readonly logicalDate: Date;
  readonly previous: { readonly name: string; readonly logicalDate: Date };
};

export class Deciders {
  readonly #tables: Tables;
  readonly #said = new Map<string, boolean>();

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  get answers(): number {
    return this.#said.size;
  }

  /** It is told of a run that there is, with an earlier date. */
  onAsked(dagId: string, { logicalDate, previous }: PastFacts): void {
    const before = [...this.#tables.runs.values()].find(
      (run) => run.dag_id === dagId && run.run_name === previous.name,
    );
    ensure(
      before?.logical_at === +previous.logicalDate && previous.logicalDate < logicalDate,
      "semantics 5.1",
      () => `a function is told that ${previous.name} of ${dagId} is before ${+logicalDate}`,
    );
  }

  onAnswer(dagId: string, taskId: string, logicalDate: Date, matters: boolean): void {
    this.#said.set(`${dagId} ${taskId} ${+logicalDate}`, matters);
  }

  /** Whether a task may start whatever became of the run before. */
  isFree({ dag_id: dagId, logical_at: date }: RunRow, taskId: string): boolean {
    return this.#said.get(`${dagId} ${taskId} ${date}`) === false;
  }
}
