"use client";
import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { AssetService, RunType } from "@millrace/wire/v1";
import type { DagRun } from "@millrace/wire/v1";
import { EventTable } from "../../../../../components/assets/event-table.tsx";
import { Unanswered } from "../../../../../components/faces.tsx";
import { Pager } from "../../../../../components/pager.tsx";
import { usePages } from "../../../../../lib/use-pages.ts";

const pageSize = 10;

/** The events of assets that a run was made of. */
export function RunEvents({ run }: { readonly run: DagRun }) {
  const isOfAssets = run.runType === RunType.ASSET_TRIGGERED;
  const pages = usePages(run.runId);
  const query = useQuery(
    AssetService.method.listAssetEvents,
    { madeRunId: run.runId, pageSize, pageToken: pages.token },
    { enabled: isOfAssets, placeholderData: keepPreviousData, staleTime: Infinity },
  );
  if (!isOfAssets) return null;
  const { data } = query;
  return (
    <section aria-label="Triggering events" className="border-t border-line px-4 py-3 md:px-6">
      <h2 className="font-medium">Triggering events</h2>
      {data === undefined ? (
        <Unanswered query={query} what="The events could not be read" rows={2} />
      ) : (
        <EventTable events={data.events} hasAssets />
      )}
      {data !== undefined && (data.nextPageToken !== "" || pages.number > 1) && (
        <Pager
          label="Pages of triggering events"
          pages={pages}
          next={data.nextPageToken}
          isOld={query.isPlaceholderData}
        />
      )}
    </section>
  );
}
