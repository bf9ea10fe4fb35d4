"use client";
import { useQuery } from "@connectrpc/connect-query";
import { useCallback, useEffect } from "react";
import { DagService } from "@millrace/wire/v1";
import { LazyGraph } from "../../../../../components/graph/lazy-graph.tsx";
import { Empty, ErrorFace, SkeletonRows } from "../../../../../components/faces.tsx";
import { SidePanel } from "../../../../../components/side-panel.tsx";
import { TopBar } from "../../../../../components/top-bar.tsx";
import { callFailure } from "../../../../../lib/failures.ts";
import type { RunLive } from "../../../../../lib/run-live.ts";
import { runFace } from "../../../../../lib/states.ts";
import { useRun } from "../../../../../lib/use-run.ts";
import { useUrlState } from "../../../../../lib/use-url-state.ts";
import { useStateInTab } from "../../../../../lib/use-state-in-tab.ts";
import { RunHeader } from "./run-header.tsx";
import { TaskPanel } from "./task-panel.tsx";
import { TaskTable } from "./task-table.tsx";

type Props = { readonly runId: string };

export function RunPage({ runId }: Props) {
  const query = useRun(runId);
  const live = query.data;
  return (
    <>
      <TopBar
        crumbs={[
          { label: "DAGs", href: "/dags" },
          ...(live === undefined
            ? []
            : [{ label: live.run.dagId, href: `/dags/${live.run.dagId}` }]),
          { label: live?.run.runName ?? runId },
        ]}
      />
      {live !== undefined ? (
        <Run live={live} />
      ) : query.isError ? (
        callFailure(query.error).isNotFound ? (
          <Empty title="No DAG run has this id">
            <p className="font-mono text-dense break-all">{runId}</p>
          </Empty>
        ) : (
          <ErrorFace
            error={query.error}
            what="The run could not be read"
            onRetry={() => void query.refetch()}
          />
        )
      ) : (
        <SkeletonRows rows={10} />
      )}
    </>
  );
}

function Run({ live }: { readonly live: RunLive }) {
  const { run, tasks } = live;
  const [params, setParams] = useUrlState();
  const selected = params.get("task");
  const select = useCallback(
    (taskId: string | null) =>
      setParams(
        taskId === null ? { task: null, tab: null, try: null } : { task: taskId, try: null },
        { isStep: true },
      ),
    [setParams],
  );
  useStateInTab(runFace(run), run.dagId);
  useEscape(selected === null ? null : () => select(null));
  const spec = useQuery(
    DagService.method.getDagSpec,
    { dagId: run.dagId, version: run.dagVersion },
    // A version never changes.
    { staleTime: Infinity },
  );
  return (
    <div className="flex min-h-0 flex-1">
      <div className="min-w-0 flex-1 overflow-y-auto">
        <RunHeader live={live} spec={spec.data?.spec ?? null} />
        {spec.data?.spec !== undefined ? (
          <LazyGraph
            spec={spec.data.spec}
            tasks={tasks}
            selected={selected}
            onSelect={select}
            isSnug
            className="border-b border-line"
          />
        ) : spec.isError ? (
          <div className="border-b border-line">
            <ErrorFace
              error={spec.error}
              what="The graph could not be read"
              onRetry={() => void spec.refetch()}
            />
          </div>
        ) : (
          <div className="h-40 border-b border-line" />
        )}
        <TaskTable
          live={live}
          spec={spec.data?.spec ?? null}
          selected={selected}
          onSelect={select}
        />
      </div>
      {selected !== null && (
        <SidePanel label={`Task ${selected}`}>
          <TaskPanel
            key={selected}
            run={run}
            taskId={selected}
            live={tasks.get(selected) ?? null}
            onClose={() => select(null)}
          />
        </SidePanel>
      )}
    </div>
  );
}

function useEscape(act: (() => void) | null): void {
  useEffect(() => {
    if (act === null) return undefined;
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented) act();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [act]);
}
