"use client";
import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { AssetService } from "@millrace/wire/v1";
import type { Asset } from "@millrace/wire/v1";
import { EventTable } from "../../../../../components/assets/event-table.tsx";
import { Empty, Unanswered } from "../../../../../components/faces.tsx";
import { Pager } from "../../../../../components/pager.tsx";
import { pollMs } from "../../../../../components/providers.tsx";
import { usePages } from "../../../../../lib/use-pages.ts";

const pageSize = 25;

export function AssetEvents({ asset }: { readonly asset: Asset }) {
  const pages = usePages(asset.uri);
  const query = useQuery(
    AssetService.method.listAssetEvents,
    { asset: asset.uri, pageSize, pageToken: pages.token },
    { refetchInterval: pollMs, placeholderData: keepPreviousData },
  );
  const { data } = query;
  return (
    <section aria-label="Events" className="space-y-1.5">
      <h2 className="font-medium">Events</h2>
      <div className="rounded-panel border border-line">
        {data === undefined ? (
          <Unanswered query={query} what="The events could not be read" rows={5} />
        ) : data.events.length === 0 ? (
          <Empty title="No events yet">
            <p>An event is made when a task that makes the asset succeeds.</p>
          </Empty>
        ) : (
          <EventTable events={data.events} />
        )}
      </div>
      {data !== undefined && (data.nextPageToken !== "" || pages.number > 1) && (
        <Pager
          label="Pages of events"
          pages={pages}
          next={data.nextPageToken}
          isOld={query.isPlaceholderData}
        />
      )}
    </section>
  );
}
