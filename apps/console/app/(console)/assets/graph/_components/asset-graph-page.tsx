"use client";
import { useQuery } from "@connectrpc/connect-query";
import { AssetService } from "@millrace/wire/v1";
import { Button } from "../../../../../components/button.tsx";
import { Empty, Unanswered } from "../../../../../components/faces.tsx";
import { TopBar } from "../../../../../components/top-bar.tsx";
import { plural } from "../../../../../lib/format.ts";
import { useUrlState } from "../../../../../lib/use-url-state.ts";
import { LazyAssetGraph } from "./lazy-asset-graph.tsx";

const depths = [
  { value: "1", label: "1 step" },
  { value: "2", label: "2 steps" },
  { value: null, label: "All" },
] as const;

export function AssetGraphPage() {
  const [params, setParams] = useUrlState();
  const focus = params.get("focus") ?? "";
  const depth = params.get("depth");
  const query = useQuery(AssetService.method.getAssetGraph, {
    asset: focus,
    depth: focus === "" ? 0 : Number(depth ?? 0),
  });
  const { data } = query;
  return (
    <>
      <TopBar crumbs={[{ label: "Assets", href: "/assets" }, { label: "Graph" }]} />
      <div className="flex min-h-0 flex-1 flex-col">
        <div className="flex flex-wrap items-center gap-2 border-b border-line px-4 py-2 md:px-6">
          <h1 className="text-section font-semibold tracking-tight">Graph of assets</h1>
          {data !== undefined && (
            <p className="text-dense text-muted" role="status">
              {plural(data.nodes.length, "node")}
              {data.isCut && ", and more: choose an asset to see what is around it"}
            </p>
          )}
          {focus !== "" && (
            <div className="ml-auto flex flex-wrap items-center gap-1">
              <span className="text-dense break-all text-muted">around {focus}</span>
              {depths.map(({ value, label }) => (
                <button
                  key={label}
                  type="button"
                  aria-pressed={depth === value}
                  onClick={() => setParams({ depth: value })}
                  className="ghost-transition h-[26px] rounded-[5px] px-2.5 text-muted hover:text-text aria-pressed:bg-selected aria-pressed:font-medium aria-pressed:text-accent"
                >
                  {label}
                </button>
              ))}
              <Button onClick={() => setParams({ focus: null, depth: null })}>Everything</Button>
            </div>
          )}
        </div>
        <div className="min-h-0 flex-1 overflow-auto p-6">
          {data === undefined ? (
            <Unanswered query={query} what="The graph could not be read" rows={6} />
          ) : data.nodes.length === 0 ? (
            <Empty title="No assets yet">
              <p>A task names what it makes with the option outlets.</p>
            </Empty>
          ) : (
            <LazyAssetGraph nodes={data.nodes} edges={data.edges} focus={focus} />
          )}
        </div>
      </div>
    </>
  );
}
