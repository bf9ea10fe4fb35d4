"use client";
import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { useState } from "react";
import { DagService } from "@millrace/wire/v1";
import type { Dag } from "@millrace/wire/v1";
import { Button } from "../../../../components/button.tsx";
import { CopyCommand } from "../../../../components/copy-command.tsx";
import { Empty, ErrorFace, SkeletonRows } from "../../../../components/faces.tsx";
import { pollMs } from "../../../../components/providers.tsx";
import { TopBar } from "../../../../components/top-bar.tsx";
import { LazyTrigger } from "../../../../components/trigger/lazy-trigger.tsx";
import { formatCount, plural } from "../../../../lib/format.ts";
import { useUrlState } from "../../../../lib/use-url-state.ts";
import { DagFilters } from "./dag-filters.tsx";
import { DagTable } from "./dag-table.tsx";
import { ImportErrors } from "./import-errors.tsx";

const pageSize = 100;

/** The server gives no more at once; beyond, a search finds more than a list. */
const pageSizeMax = 500;

export function DagList() {
  const [params] = useUrlState();
  const [shown, setShown] = useState(pageSize);
  const [triggered, setTriggered] = useState<Dag | null>(null);
  const search = params.get("q") ?? "";
  const tag = params.get("tag") ?? "";
  const paused = params.get("paused");
  const query = useQuery(
    DagService.method.listDags,
    {
      pageSize: shown,
      search,
      tags: tag === "" ? [] : [tag],
      ...(paused === null ? {} : { isPaused: paused === "true" }),
    },
    { refetchInterval: pollMs, placeholderData: keepPreviousData },
  );
  const { data } = query;
  const isFiltered = search !== "" || tag !== "" || paused !== null;
  return (
    <>
      <TopBar crumbs={[{ label: "DAGs" }]} />
      <div className="min-h-0 flex-1 overflow-y-auto">
        <div className="mx-auto max-w-[1600px] space-y-4 px-4 py-5 md:px-6">
          <div className="flex flex-wrap items-baseline gap-x-3">
            <h1 className="text-title font-semibold tracking-tight">DAGs</h1>
            {data !== undefined && (
              <p className="text-muted" role="status">
                {isFiltered ? `${formatCount(data.total)} match` : plural(data.total, "DAG")}
              </p>
            )}
          </div>
          <ImportErrors />
          <DagFilters dags={data?.dags ?? []} />
          <section aria-label="List of DAGs" className="rounded-panel border border-line">
            {query.isPending ? (
              <SkeletonRows rows={8} rowClassName="h-[53px]" />
            ) : query.isError && data === undefined ? (
              <ErrorFace
                error={query.error}
                what="The DAGs could not be read"
                onRetry={() => void query.refetch()}
              />
            ) : data === undefined || data.dags.length === 0 ? (
              isFiltered ? (
                <NoMatch />
              ) : (
                <FirstDag />
              )
            ) : (
              <DagTable dags={data.dags} onTrigger={setTriggered} />
            )}
          </section>
          {data !== undefined && data.dags.length < data.total && (
            <div className="flex items-center justify-center gap-3 text-muted">
              <p>
                Showing {formatCount(data.dags.length)} of {formatCount(data.total)}.
                {shown >= pageSizeMax && " Search to narrow it."}
              </p>
              {shown < pageSizeMax && (
                <Button onClick={() => setShown(Math.min(shown + pageSize, pageSizeMax))}>
                  Show more
                </Button>
              )}
            </div>
          )}
        </div>
      </div>
      <LazyTrigger dagId={triggered?.dagId ?? null} onClose={() => setTriggered(null)} />
    </>
  );
}

function NoMatch() {
  const [params, setParams] = useUrlState();
  const search = params.get("q");
  return (
    <Empty title={search === null ? "No DAG passes the filter" : `No DAG matches "${search}"`}>
      <p>The search looks in ids, descriptions and tags.</p>
      <Button onClick={() => setParams({ q: null, tag: null, paused: null })}>
        Clear the filter
      </Button>
    </Empty>
  );
}

function FirstDag() {
  return (
    <Empty title="No DAGs yet">
      <p>Put a file with a DAG into the DAG folder; it appears here when it is saved.</p>
      <CopyCommand command="npx millrace up ./dags" />
    </Empty>
  );
}
