"use client";
import { useInfiniteQuery } from "@connectrpc/connect-query";
import { useState } from "react";
import { PoolService } from "@millrace/wire/v1";
import type { Pool } from "@millrace/wire/v1";
import { Button } from "../../../../components/button.tsx";
import { ErrorFace, SkeletonRows } from "../../../../components/faces.tsx";
import { pollMs } from "../../../../components/providers.tsx";
import { TopBar } from "../../../../components/top-bar.tsx";
import { formatCount, plural } from "../../../../lib/format.ts";
import { LazyPoolDialog } from "./lazy-pool-dialog.tsx";
import type { PoolEdit } from "./pool-dialog.tsx";
import { UsageBar } from "./usage-bar.tsx";

const pageSize = 100;

/** The pools: how full each is, who waits, and the ways to change them. */
export function PoolList() {
  const [edit, setEdit] = useState<PoolEdit | null>(null);
  const query = useInfiniteQuery(
    PoolService.method.listPools,
    { pageSize, pageToken: "" },
    {
      pageParamKey: "pageToken",
      getNextPageParam: (page) => page.nextPageToken || undefined,
      refetchInterval: pollMs,
    },
  );
  const pools = query.data?.pages.flatMap((page) => page.pools) ?? [];
  const waiting = pools.reduce((sum, pool) => sum + pool.waiting, 0);
  return (
    <>
      <TopBar crumbs={[{ label: "Pools" }]} />
      <div className="min-h-0 flex-1 overflow-y-auto">
        <div className="mx-auto max-w-[1600px] space-y-4 px-4 py-5 md:px-6">
          <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
            <h1 className="text-title font-semibold tracking-tight">Pools</h1>
            {query.data !== undefined && (
              <p className="flex-1 text-muted">
                {query.hasNextPage ? `${pools.length} of more` : plural(pools.length, "pool")}
                {waiting > 0 && ` · ${plural(waiting, "task instance")} waiting for slots`}
              </p>
            )}
            <Button tone="primary" onClick={() => setEdit({ kind: "create" })}>
              New pool
            </Button>
          </div>
          <section
            aria-label="List of pools"
            className="relative overflow-x-auto rounded-panel border border-line"
          >
            {query.isPending ? (
              <SkeletonRows rows={3} />
            ) : query.isError && query.data === undefined ? (
              <ErrorFace
                error={query.error}
                what="The pools could not be read"
                onRetry={() => void query.refetch()}
              />
            ) : (
              <Table pools={pools} onEdit={setEdit} />
            )}
          </section>
          {query.hasNextPage && (
            <Button onClick={() => void query.fetchNextPage()}>Show more pools</Button>
          )}
        </div>
      </div>
      <LazyPoolDialog edit={edit} onClose={() => setEdit(null)} />
    </>
  );
}

const head = "px-3 py-2 text-left text-label font-medium text-muted";
/** The bar says the same where there is no room. */
const wide = "hidden md:table-cell";
const figure = "px-3 py-2 text-right tabular-nums";

type TableProps = {
  readonly pools: readonly Pool[];
  readonly onEdit: (edit: PoolEdit) => void;
};

function Table({ pools, onEdit }: TableProps) {
  return (
    <table className="w-full border-collapse">
      <thead>
        <tr className="border-b border-line bg-surface">
          <th className={head}>Pool</th>
          <th className={`${head} md:w-64`}>Slots</th>
          <th className={`${head} ${wide} text-right`}>Running</th>
          <th className={`${head} ${wide} text-right`}>Deferred</th>
          <th className={`${head} text-right`}>Waiting</th>
          <th className={`${head} ${wide} text-right`}>Open</th>
          <th className={head}>
            <span className="sr-only">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody className="divide-y divide-line">
        {pools.map((pool) => (
          <tr key={pool.name} className="hover:bg-hover">
            <td className="px-3 py-2">
              <p className="font-medium break-all">{pool.name}</p>
              {pool.description !== "" && <p className="text-muted">{pool.description}</p>}
            </td>
            <td className="px-3 py-2">
              <UsageBar pool={pool} />
            </td>
            <td className={`${figure} ${wide}`}>{formatCount(pool.running)}</td>
            <td
              className={`${figure} ${wide} ${pool.includeDeferred ? "" : "text-muted"}`}
              title={pool.includeDeferred ? "They keep their slots" : "They hold no slots"}
            >
              {formatCount(pool.deferred)}
            </td>
            <td className={figure}>{formatCount(pool.waiting)}</td>
            <td className={`${figure} ${wide}`}>
              {pool.slots === 0 ? "–" : formatCount(pool.open)}
            </td>
            <td className="px-3 py-2 text-right whitespace-nowrap">
              <Button
                tone="small"
                aria-label={`Edit ${pool.name}`}
                onClick={() => onEdit({ kind: "update", pool })}
              >
                Edit
              </Button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
