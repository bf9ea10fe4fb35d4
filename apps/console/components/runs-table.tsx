"use client";
import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";
import { DagRunService, RunState, RunType } from "@millrace/wire/v1";
import type { DagRun } from "@millrace/wire/v1";
import { countsOfRun } from "../lib/counts.ts";
import { msOf } from "../lib/format.ts";
import { runFace } from "../lib/states.ts";
import { useUrlState } from "../lib/use-url-state.ts";
import { Button } from "./button.tsx";
import { Empty, ErrorFace, SkeletonRows } from "./faces.tsx";
import { pollMs } from "./providers.tsx";
import { StateBar } from "./state-bar.tsx";
import { StateBadge, StateGlyph } from "./state-glyph.tsx";
import { Elapsed, Time } from "./time.tsx";

const pageSize = 50;
const pageSizeMax = 500;

const filters = [
  { state: RunState.QUEUED, name: "queued" },
  { state: RunState.RUNNING, name: "running" },
  { state: RunState.SUCCESS, name: "success" },
  { state: RunState.FAILED, name: "failed" },
] as const;

type Props = {
  /** Only runs of this DAG; null shows all, each with its DAG. */
  readonly dagId: string | null;
};

/** Runs, newest first, with those of the chosen state only. */
export function RunsTable({ dagId }: Props) {
  const [params, setParams] = useUrlState();
  const [shown, setShown] = useState(pageSize);
  const wanted = filters.find(({ name }) => name === params.get("state"));
  const query = useQuery(
    DagRunService.method.listDagRuns,
    { pageSize: shown, dagId: dagId ?? "", states: wanted === undefined ? [] : [wanted.state] },
    { refetchInterval: pollMs, placeholderData: keepPreviousData },
  );
  const runs = query.data?.runs ?? [];
  return (
    <div className="space-y-3 px-4 py-4 md:px-6">
      <div role="group" aria-label="State" className="flex flex-wrap gap-1.5">
        {filters.map(({ state, name }) => {
          const face = runFace({ state });
          return (
            <button
              key={state}
              type="button"
              aria-pressed={name === wanted?.name}
              onClick={() => setParams({ state: name === wanted?.name ? null : name })}
              className="ghost-transition inline-flex h-7 items-center gap-1.5 rounded-control border border-line px-2 text-dense hover:bg-hover aria-pressed:border-accent aria-pressed:bg-selected"
            >
              <StateGlyph look={face.look} size={15} />
              {face.label}
            </button>
          );
        })}
      </div>
      <section
        aria-label="List of runs"
        className="overflow-x-auto rounded-panel border border-line"
      >
        {query.isPending ? (
          <SkeletonRows rows={8} />
        ) : query.isError && query.data === undefined ? (
          <ErrorFace
            error={query.error}
            what="The runs could not be read"
            onRetry={() => void query.refetch()}
          />
        ) : runs.length === 0 ? (
          <Empty title={wanted === undefined ? "No runs yet" : "No run is in this state"} />
        ) : (
          <Table runs={runs} hasDag={dagId === null} />
        )}
      </section>
      {query.data?.nextPageToken !== undefined && query.data.nextPageToken !== "" && (
        <div className="flex justify-center">
          {shown < pageSizeMax ? (
            <Button onClick={() => setShown(Math.min(shown * 2, pageSizeMax))}>Show more</Button>
          ) : (
            <p className="text-muted">
              The newest {pageSizeMax} are shown. Older ones are in the API.
            </p>
          )}
        </div>
      )}
    </div>
  );
}

const head = "px-3 py-2 text-left text-label font-medium text-muted";

function Table({ runs, hasDag }: { readonly runs: readonly DagRun[]; readonly hasDag: boolean }) {
  return (
    <table className="w-full border-collapse">
      <thead>
        <tr className="border-b border-line bg-surface">
          <th className={`${head} w-36`}>State</th>
          {hasDag && <th className={head}>DAG</th>}
          <th className={head}>Run</th>
          <th className={`${head} hidden w-40 md:table-cell`}>Tasks</th>
          <th className={`${head} hidden w-28 sm:table-cell`}>Started</th>
          <th className={`${head} hidden w-28 sm:table-cell`}>Duration</th>
        </tr>
      </thead>
      <tbody className="divide-y divide-line">
        {runs.map((run) => (
          <tr key={run.runId} data-run={run.runId} className="hover:bg-hover">
            <td className="px-3 py-2">
              <StateBadge face={runFace(run)} />
            </td>
            {hasDag && (
              <td className="px-3 py-2">
                <Link
                  href={`/dags/${run.dagId}`}
                  className="break-all hover:text-accent hover:underline"
                >
                  {run.dagId}
                </Link>
              </td>
            )}
            <td className="px-3 py-2">
              <Link
                href={`/runs/${run.runId}`}
                prefetch={false}
                className="font-mono text-dense break-all hover:text-accent hover:underline"
              >
                {run.runName}
              </Link>
              <p className="text-label text-muted">
                {run.runType === RunType.SCHEDULED || run.runType === RunType.ASSET_TRIGGERED
                  ? `by ${run.runType === RunType.SCHEDULED ? "schedule" : "assets"}`
                  : `by ${run.triggeredBy || "hand"}`}
                {run.backfillId !== "" && (
                  <>
                    {" · "}
                    <Link href={`/backfills/${run.backfillId}`} className="hover:underline">
                      {run.backfillId}
                    </Link>
                  </>
                )}
                {run.partitionKey !== "" && ` · partition ${run.partitionKey}`}
                {run.note !== "" && ` · ${run.note}`}
              </p>
            </td>
            <td className="hidden px-3 py-2 md:table-cell">
              <StateBar counts={countsOfRun(run)} />
            </td>
            <td className="hidden px-3 py-2 text-muted sm:table-cell">
              <Time at={msOf(run.startedAt)} />
            </td>
            <td className="hidden px-3 py-2 sm:table-cell">
              <Elapsed from={msOf(run.startedAt)} to={msOf(run.endedAt)} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
