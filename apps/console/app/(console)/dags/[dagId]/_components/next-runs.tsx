import type { PlannedRun } from "@millrace/wire/v1";
import { Time } from "../../../../../components/time.tsx";
import { formatInstant, msOf } from "../../../../../lib/format.ts";

const shown = 20;

type Props = { readonly runs: readonly PlannedRun[]; readonly zone: string };

/** What the schedule makes next, in the zone of the schedule. */
export function NextRuns({ runs, zone }: Props) {
  if (runs.length === 0) return <p className="text-muted">No run is planned.</p>;
  const hasKeys = runs.some((run) => run.partitionKey !== "");
  return (
    <section aria-label="Next runs" className="space-y-2">
      <h2 className="font-medium">Next runs</h2>
      <div className="overflow-x-auto">
        <table className="w-full text-left">
          <thead>
            <tr className="border-b border-line text-label text-muted">
              <th className="py-1 pr-4 font-normal">Due</th>
              <th className="py-1 pr-4 font-normal">In {zone}</th>
              <th className="py-1 pr-4 font-normal">Logical date</th>
              {hasKeys && <th className="py-1 font-normal">Partition</th>}
            </tr>
          </thead>
          <tbody>
            {runs.slice(0, shown).map((run) => {
              const [due, date] = [msOf(run.runAfter), msOf(run.logicalDate)];
              return (
                <tr key={`${due}`} className="border-b border-line">
                  <td className="py-1.5 pr-4">
                    <Time at={due} />
                  </td>
                  <td className="py-1.5 pr-4 whitespace-nowrap tabular-nums">
                    {due === null ? "–" : formatInstant(due, { zone })}
                  </td>
                  <td className="py-1.5 pr-4 whitespace-nowrap text-muted tabular-nums">
                    {date === null
                      ? "–"
                      : date === due
                        ? "the same"
                        : formatInstant(date, { zone })}
                  </td>
                  {hasKeys && <td className="py-1.5 font-mono text-dense">{run.partitionKey}</td>}
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}
