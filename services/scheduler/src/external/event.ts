/** From what has become of a wait for another DAG to the event that ends it. */

import type { ExternalRun, ExternalVerdict, RunEvent } from "@millrace/engine";
import type { About } from "../apply.ts";
import type { WaitEntry } from "./external-wait.ts";

/** What a wait comes to; `event` is null while it goes on. */
export function eventOf(
  { ix, mapIx, attempt, wait, found }: WaitEntry,
  verdict: ExternalVerdict,
  at: number,
): { readonly event: RunEvent | null; readonly about: About } {
  const of = { ix, mapIx, attempt, at };
  switch (verdict.kind) {
    case "waiting":
      return { event: null, about: {} };
    case "skipped":
      return { event: { kind: "waitSkipped", ...of }, about: {} };
    case "failed":
      return { event: { kind: "waitFailed", ...of, failure: verdict.failure }, about: {} };
    case "fulfilled": {
      const runs = (found?.runs ?? []).toSorted(
        (a, b) => (a.logicalDate ?? 0) - (b.logicalDate ?? 0),
      );
      const told = runs.map((run) => runText(wait.dagId, run));
      const out = Buffer.from(wait.runId === null ? `[${told.join()}]` : (told[0] ?? "null"));
      const event = { kind: "waitFulfilled", ...of, hasValue: true, lengths: [] } as const;
      return { event, about: { out } };
    }
  }
}

/** A run as tasks get to see it: codec JSON. */
function runText(dagId: string, { runId, runName, logicalDate, state }: ExternalRun): string {
  const date = logicalDate === null ? null : { $: "date", v: new Date(logicalDate).toISOString() };
  return JSON.stringify({ dagId, runId, runName, logicalDate: date, state });
}
