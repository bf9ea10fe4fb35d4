"use client";
import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { Waypoints } from "lucide-react";
import Link from "next/link";
import { AssetService } from "@millrace/wire/v1";
import { Button } from "../../../../components/button.tsx";
import { Empty, ErrorFace, SkeletonRows } from "../../../../components/faces.tsx";
import { Pager } from "../../../../components/pager.tsx";
import { pollMs } from "../../../../components/providers.tsx";
import { SearchBox } from "../../../../components/search-box.tsx";
import { TopBar } from "../../../../components/top-bar.tsx";
import { formatCount, plural } from "../../../../lib/format.ts";
import { usePages } from "../../../../lib/use-pages.ts";
import { useUrlState } from "../../../../lib/use-url-state.ts";
import { AssetTable } from "./asset-table.tsx";

const pageSize = 50;

export function AssetList() {
  const [params, setParams] = useUrlState();
  const search = params.get("q") ?? "";
  const group = params.get("group") ?? "";
  const pages = usePages(`${search}\n${group}`);
  const query = useQuery(
    AssetService.method.listAssets,
    { pageSize, pageToken: pages.token, search, group },
    { refetchInterval: pollMs, placeholderData: keepPreviousData },
  );
  const { data } = query;
  const isFiltered = search !== "" || group !== "";
  return (
    <>
      <TopBar crumbs={[{ label: "Assets" }]} />
      <div className="min-h-0 flex-1 overflow-y-auto">
        <div className="mx-auto max-w-[1600px] space-y-4 px-4 py-5 md:px-6">
          <div className="flex flex-wrap items-baseline gap-x-3">
            <h1 className="text-title font-semibold tracking-tight">Assets</h1>
            {data !== undefined && (
              <p className="text-muted" role="status">
                {isFiltered ? `${formatCount(data.total)} match` : plural(data.total, "asset")}
              </p>
            )}
            <Link
              href="/assets/graph"
              className="ml-auto inline-flex items-center gap-1.5 text-accent hover:underline"
            >
              <Waypoints size={15} aria-hidden /> Graph
            </Link>
          </div>
          <div className="flex flex-wrap items-center gap-2">
            <SearchBox label="Search assets" placeholder="Search uris, names, groups" />
            {group !== "" && (
              <Button onClick={() => setParams({ group: null })}>Group {group} ×</Button>
            )}
          </div>
          <section aria-label="List of assets" className="rounded-panel border border-line">
            {query.isPending ? (
              <SkeletonRows rows={8} rowClassName="h-[45px]" />
            ) : query.isError && data === undefined ? (
              <ErrorFace
                error={query.error}
                what="The assets could not be read"
                onRetry={() => void query.refetch()}
              />
            ) : data === undefined || data.assets.length === 0 ? (
              isFiltered ? (
                <Empty title="No asset passes the filter">
                  <p>The search looks in uris, names and groups.</p>
                  <Button onClick={() => setParams({ q: null, group: null })}>
                    Clear the filter
                  </Button>
                </Empty>
              ) : (
                <Empty title="No assets yet">
                  <p>
                    A task names what it makes with the option outlets; a DAG waits for it with its
                    schedule.
                  </p>
                </Empty>
              )
            ) : (
              <AssetTable assets={data.assets} onGroup={(name) => setParams({ group: name })} />
            )}
          </section>
          {data !== undefined && (data.nextPageToken !== "" || pages.number > 1) && (
            <Pager
              label="Pages of assets"
              pages={pages}
              next={data.nextPageToken}
              isOld={query.isPlaceholderData}
            />
          )}
        </div>
      </div>
    </>
  );
}
