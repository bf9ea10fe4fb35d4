"use client";
import { Tabs } from "@base-ui/react/tabs";
import { useQuery } from "@connectrpc/connect-query";
import { useState } from "react";
import { DagService } from "@millrace/wire/v1";
import { LazyBackfill } from "../../../../../components/backfill/lazy-backfill.tsx";
import { Empty, ErrorFace, SkeletonRows } from "../../../../../components/faces.tsx";
import { pollMs } from "../../../../../components/providers.tsx";
import { RunsTable } from "../../../../../components/runs-table.tsx";
import { TopBar } from "../../../../../components/top-bar.tsx";
import { LazyTrigger } from "../../../../../components/trigger/lazy-trigger.tsx";
import { callFailure } from "../../../../../lib/failures.ts";
import { useUrlState } from "../../../../../lib/use-url-state.ts";
import { DagHeader } from "./dag-header.tsx";
import { GridTab } from "./grid-tab.tsx";
import { LazyCode, LazyDefinition, LazySchedule } from "./lazy-tabs.tsx";

const tabs = [
  { value: "grid", label: "Grid" },
  { value: "graph", label: "Graph" },
  { value: "runs", label: "Runs" },
  { value: "schedule", label: "Schedule" },
  { value: "code", label: "Code" },
] as const;

export function DagPage({ dagId }: { readonly dagId: string }) {
  const [params, setParams] = useUrlState();
  const [isTriggering, setTriggering] = useState(false);
  const [isFilling, setFilling] = useState(false);
  const query = useQuery(DagService.method.getDag, { dagId }, { refetchInterval: pollMs });
  const dag = query.data?.dag;
  return (
    <>
      <TopBar crumbs={[{ label: "DAGs", href: "/dags" }, { label: dagId }]} />
      {dag === undefined ? (
        query.isError ? (
          callFailure(query.error).isNotFound ? (
            <Empty title="No DAG has this id">
              <p className="font-mono text-dense break-all">{dagId}</p>
            </Empty>
          ) : (
            <ErrorFace
              error={query.error}
              what="The DAG could not be read"
              onRetry={() => void query.refetch()}
            />
          )
        ) : (
          <SkeletonRows rows={10} />
        )
      ) : (
        <div className="min-h-0 flex-1 overflow-y-auto">
          <DagHeader
            dag={dag}
            onTrigger={() => setTriggering(true)}
            onBackfill={() => setFilling(true)}
          />
          <Tabs.Root
            value={params.get("tab") ?? "grid"}
            onValueChange={(value) => setParams({ tab: value === "grid" ? null : String(value) })}
          >
            <Tabs.List className="flex gap-5 border-b border-line px-4 md:px-6">
              {tabs.map(({ value, label }) => (
                <Tabs.Tab
                  key={value}
                  value={value}
                  className="-mb-px h-10 border-b-2 border-transparent text-muted hover:text-text data-[active]:border-accent data-[active]:font-medium data-[active]:text-text"
                >
                  {label}
                </Tabs.Tab>
              ))}
            </Tabs.List>
            <Tabs.Panel value="grid" className="outline-none">
              <GridTab dag={dag} />
            </Tabs.Panel>
            <Tabs.Panel value="graph" className="outline-none">
              <LazyDefinition dag={dag} />
            </Tabs.Panel>
            <Tabs.Panel value="runs" className="outline-none">
              <RunsTable dagId={dagId} />
            </Tabs.Panel>
            <Tabs.Panel value="schedule" className="outline-none">
              <LazySchedule dag={dag} />
            </Tabs.Panel>
            <Tabs.Panel value="code" className="outline-none">
              <LazyCode dag={dag} />
            </Tabs.Panel>
          </Tabs.Root>
        </div>
      )}
      <LazyBackfill dagId={isFilling ? dagId : null} onClose={() => setFilling(false)} />
      <LazyTrigger dagId={isTriggering ? dagId : null} onClose={() => setTriggering(false)} />
    </>
  );
}
