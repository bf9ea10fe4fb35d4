"use client";
import { useQuery } from "@connectrpc/connect-query";
import { Waypoints } from "lucide-react";
import Link from "next/link";
import { useState } from "react";
import { AssetService } from "@millrace/wire/v1";
import type { Asset } from "@millrace/wire/v1";
import { Button } from "../../../../../components/button.tsx";
import { Empty, Unanswered } from "../../../../../components/faces.tsx";
import { pollMs } from "../../../../../components/providers.tsx";
import { Time } from "../../../../../components/time.tsx";
import { TopBar } from "../../../../../components/top-bar.tsx";
import { assetGraphHref } from "../../../../../lib/assets.ts";
import { callFailure } from "../../../../../lib/failures.ts";
import { msOf } from "../../../../../lib/format.ts";
import { useUrlState } from "../../../../../lib/use-url-state.ts";
import { AssetEvents } from "./asset-events.tsx";
import { AssetExtra } from "./asset-extra.tsx";
import { AssetUses } from "./asset-uses.tsx";
import type { AssetAction } from "./asset-dialog.tsx";
import { AssetWatchers } from "./asset-watchers.tsx";
import { LazyAssetDialog } from "./lazy-asset-dialog.tsx";

export function AssetPage() {
  const [params] = useUrlState();
  const uri = params.get("uri") ?? "";
  const query = useQuery(
    AssetService.method.getAsset,
    { asset: uri },
    { refetchInterval: pollMs, enabled: uri !== "" },
  );
  const asset = query.data?.asset;
  return (
    <>
      <TopBar crumbs={[{ label: "Assets", href: "/assets" }, { label: asset?.name ?? uri }]} />
      <div className="min-h-0 flex-1 overflow-y-auto">
        {asset !== undefined ? (
          <Known asset={asset} />
        ) : uri === "" || (query.isError && callFailure(query.error).isNotFound) ? (
          <Empty title="No asset has this uri">
            <p className="font-mono text-dense break-all">{uri}</p>
          </Empty>
        ) : (
          <Unanswered query={query} what="The asset could not be read" rows={8} />
        )}
      </div>
    </>
  );
}

function Known({ asset }: { readonly asset: Asset }) {
  const [action, setAction] = useState<AssetAction | null>(null);
  return (
    <div className="mx-auto max-w-[1600px] space-y-5 px-4 py-5 md:px-6">
      <header className="flex flex-wrap items-start gap-x-4 gap-y-2">
        <div className="min-w-0 flex-1 basis-72">
          <h1 className="text-title font-semibold tracking-tight break-all">{asset.name}</h1>
          <p className="text-muted">
            {asset.name !== asset.uri && (
              <span className="font-mono text-dense break-all">{asset.uri} · </span>
            )}
            group {asset.group} ·{" "}
            {asset.lastEventAt === undefined ? (
              "no event yet"
            ) : (
              <>
                last event <Time at={msOf(asset.lastEventAt)} />
              </>
            )}
            {!asset.isActive && " · no DAG names it any more"}
          </p>
        </div>
        <Link
          href={assetGraphHref(asset.uri)}
          className="inline-flex h-7 items-center gap-1.5 text-accent hover:underline"
        >
          <Waypoints size={15} aria-hidden /> Graph
        </Link>
        <Button disabled={!asset.isActive} onClick={() => setAction("emit")}>
          Record event
        </Button>
        <Button
          tone="primary"
          disabled={asset.producers.length === 0}
          title={asset.producers.length === 0 ? "No task makes it" : undefined}
          onClick={() => setAction("materialize")}
        >
          Make anew
        </Button>
      </header>
      <AssetExtra extra={asset.extra} />
      <AssetWatchers watchers={asset.watchers} />
      <AssetUses asset={asset} />
      <AssetEvents asset={asset} />
      <LazyAssetDialog asset={asset} action={action} onClose={() => setAction(null)} />
    </div>
  );
}
