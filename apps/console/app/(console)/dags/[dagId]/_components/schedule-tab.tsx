"use client";
import { useQuery } from "@connectrpc/connect-query";
import { DagService } from "@millrace/wire/v1";
import type { Dag, Reason } from "@millrace/wire/v1";
import { EvidenceLinks } from "../../../../../components/evidence-links.tsx";
import { Unanswered } from "../../../../../components/faces.tsx";
import { pollMs } from "../../../../../components/providers.tsx";
import { ScheduleWords } from "../../../../../components/schedule-words.tsx";
import { evidenceOf } from "../../../../../lib/evidence.ts";
import { reasonWords } from "../../../../../lib/reasons.ts";
import { scheduleFacts } from "../../../../../lib/schedule-facts.ts";
import { AssetWaits } from "./asset-waits.tsx";
import { InputTerms } from "./input-terms.tsx";
import { NextRuns } from "./next-runs.tsx";
import { RunCalendar } from "./run-calendar.tsx";

/** Enough for the calendar of most schedules; the table shows the first of them. */
const plannedCount = 200;

const askedPollMs = 30_000;

/** When the DAG runs: its schedule in words, what comes next and what holds it back, and a calendar. */
export function ScheduleTab({ dag }: { readonly dag: Dag }) {
  const { dagId, version } = dag;
  const zone = dag.timezone === "" ? "UTC" : dag.timezone;
  const spec = useQuery(DagService.method.getDagSpec, { dagId, version }, { staleTime: Infinity });
  const kind = spec.data?.spec?.schedule?.kind.case;
  // Each answer costs a worker some work.
  const isAsked = kind === "custom";
  const next = useQuery(
    DagService.method.listNextRuns,
    { dagId, count: plannedCount },
    { refetchInterval: isAsked ? askedPollMs : pollMs },
  );
  if (next.data === undefined)
    return <Unanswered query={next} what="The next runs could not be read" rows={8} />;
  const facts = spec.data?.spec === undefined ? [] : scheduleFacts(spec.data.spec);
  const planned = next.data.plannedRuns;
  return (
    <div className="grid gap-x-10 gap-y-6 px-4 py-5 md:px-6 lg:grid-cols-[minmax(0,1fr)_minmax(0,1fr)]">
      <div className="min-w-0 space-y-5">
        <section aria-label="Schedule" className="space-y-3">
          <ScheduleWords schedule={dag.schedule} timezone={dag.timezone} />
          <dl className="grid grid-cols-[6rem_1fr] gap-y-1">
            {facts.map(([name, value]) => (
              <div key={name} className="contents">
                <dt className="text-muted">{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        </section>
        {spec.data?.spec?.inputs !== undefined && <InputTerms term={spec.data.spec.inputs} />}
        <Holds reasons={next.data.reasons} />
        {(kind === "assets" || kind === "assetOrTime") && <AssetWaits dagId={dagId} />}
        {kind !== "assets" && <NextRuns runs={planned} zone={zone} />}
      </div>
      <RunCalendar dagId={dagId} zone={zone} planned={planned} />
    </div>
  );
}

/** Why the next run is not made when it is due, or why there is none. */
function Holds({ reasons }: { readonly reasons: readonly Reason[] }) {
  if (reasons.length === 0) return null;
  return (
    <section aria-label="What holds the next run back" className="space-y-2">
      <h2 className="font-medium">Why not yet</h2>
      <ul className="space-y-2">
        {reasons.map((reason) => (
          <li key={`${reason.kind} ${reason.message}`} className="border-l-2 border-warn pl-3">
            <p className="break-words">{reason.message}</p>
            <p className="text-muted">{reasonWords(reason.kind).remedy}</p>
            <EvidenceLinks places={evidenceOf(reason).places} />
          </li>
        ))}
      </ul>
    </section>
  );
}
